import Foundation

/// What has to be measured inside a process; `Benchmarks/bench` runs it and compares.
///
///     measure read FILE SELECTOR          the tolerant JSON reader over a file, each record parsed with the place of its parts
///     measure map FILE PATH               the same, the mapping, and the encoding of rows, sent nowhere
///     measure load FILE PATH URL TABLE    the same, sent to a table by COPY
///
/// PATH is the file's place in a tree, by which the mapping knows it. Prints one JSON object.
@main
enum Measure {
    static func main() async {
        do {
            let arguments = Array(CommandLine.arguments.dropFirst())
            print(String(decoding: try await run(arguments), as: UTF8.self))
        } catch {
            FileHandle.standardError.write(Data("measure: \(error)\n".utf8))
            exit(1)
        }
    }

    /// Times what is asked for, without the start of the program and the reading of the mapping.
    private static func run(_ arguments: [String]) async throws -> Data {
        let action: () async throws -> [String: Int]
        switch (arguments.first, arguments.count) {
        case ("read", 3):
            let reading = try JSONReading(file: arguments[1], selector: arguments[2])
            action = { try reading.run() }
        case ("map", 3):
            let rows = try TaskRows(file: arguments[1], path: arguments[2])
            action = { try rows.encode { _ in } }
        case ("load", 5):
            let rows = try TaskRows(file: arguments[1], path: arguments[2])
            action = { try await rows.load(url: arguments[3], table: arguments[4]) }
        default: throw Misuse()
        }
        let clock = ContinuousClock()
        let (start, startOfProcessor) = (clock.now, processorSeconds())
        var figures = try await action().mapValues(Double.init)
        figures["seconds"] = (clock.now - start) / .seconds(1)
        figures["cpu_seconds"] = processorSeconds() - startOfProcessor
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return try encoder.encode(figures)
    }

    /// The processor time that this process has used, in the program and in the kernel.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private struct Misuse: Error, CustomStringConvertible {
        let description = "usage: measure read FILE SELECTOR | map FILE PATH | load FILE PATH URL TABLE"
    }
}
