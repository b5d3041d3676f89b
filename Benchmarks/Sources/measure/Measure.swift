import Foundation
import Processes

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
        // As the program has it.
        HeapPolicy.returnBlocks()
        do {
            let arguments = Array(CommandLine.arguments.dropFirst())
            print(String(decoding: try await run(arguments), as: UTF8.self))
        } catch {
            FileHandle.standardError.write(Data("measure: \(error)\n".utf8))
            exit(1)
        }
    }

    /// Times what is asked for, without the start of the program, the reading of the mapping and the opening of a session:
    /// psql times its statements in the same way.
    private static func run(_ arguments: [String]) async throws -> Data {
        var watch = Watch()
        let figures: [String: Int]
        switch (arguments.first, arguments.count) {
        case ("read", 3):
            let reading = try JSONReading(file: arguments[1], selector: arguments[2])
            watch.start()
            figures = try reading.run()
        case ("map", 3):
            let rows = try TaskRows(file: arguments[1], path: arguments[2])
            watch.start()
            figures = try rows.encode { _ in }
        case ("load", 5):
            let rows = try TaskRows(file: arguments[1], path: arguments[2])
            figures = try await rows.load(url: arguments[3], table: arguments[4]) { watch.start() }
        default: throw Misuse()
        }
        var all = figures.mapValues(Double.init)
        (all["seconds"], all["cpu_seconds"]) = watch.elapsed()
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return try encoder.encode(all)
    }

    /// The time on the clock and of the processor since it was started.
    private struct Watch {
        private var begin = ContinuousClock.now
        private var processor = 0.0

        mutating func start() {
            (begin, processor) = (.now, Self.processorSeconds())
        }

        func elapsed() -> (seconds: Double, processor: Double) {
            ((ContinuousClock.now - begin) / .seconds(1), Self.processorSeconds() - processor)
        }

        /// The processor time that this process has used, in the program and in the kernel.
        private static func processorSeconds() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
    }

    private struct Misuse: Error, CustomStringConvertible {
        let description = "usage: measure read FILE SELECTOR | map FILE PATH | load FILE PATH URL TABLE"
    }
}
