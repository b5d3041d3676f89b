import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A history on disk, one JSON object a line.
///
/// Each line is one `write`: what was recorded is in the hands of the system, so a `kill -9` of the process loses
/// nothing of it. A last line without its end belongs to a process that died in the call and is left out.
public final class HistoryFile: Sendable {
    struct CannotOpen: Error {
        let path: String
        let errno: Int32
    }

    struct CannotWrite: Error {
        let errno: Int32
    }

    /// A line that is no event.
    public struct Malformed: Error {
        /// The file.
        public let path: String
        /// The line, from 1.
        public let line: Int
    }

    private let instance: String
    private let descriptor: Int32
    /// Lines must not mix.
    private let turn = Mutex(())

    /// Appends to the file in the name of the instance.
    public init(path: String, instance: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CannotOpen(path: path, errno: errno) }
        self.instance = instance
    }

    deinit {
        close(descriptor)
    }

    /// Records what happened now, or at the given time; it is safe when this returns.
    public func record(_ what: HistoryEvent.What, at time: Int = MonotonicTime.now) throws {
        var line = try JSONEncoder().encode(HistoryEvent(instance: instance, at: time, what))
        line.append(UInt8(ascii: "\n"))
        try turn.withLock { _ in
            let count = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count == line.count else { throw CannotWrite(errno: errno) }
        }
    }

    /// The events of these files in order of time.
    public static func events(of paths: [String]) throws -> [HistoryEvent] {
        try paths.flatMap(events).sorted { $0.at < $1.at }
    }

    private static func events(of path: String) throws -> [HistoryEvent] {
        let decoder = JSONDecoder()
        let lines = try Data(contentsOf: URL(filePath: path))
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // Behind the last line's end there is nothing, or the beginning of a line that was not finished.
        return try lines.dropLast().enumerated().map { index, line in
            do {
                return try decoder.decode(HistoryEvent.self, from: line)
            } catch {
                throw Malformed(path: path, line: index + 1)
            }
        }
    }
}
