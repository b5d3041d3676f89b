import Foundation
import Processes

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The names of the directories that copies live in: they tell whose they are.
enum SnapshotDirectory {
    private static let start = "redis-snapshot-"

    /// The start of the name of a directory of this process.
    static var prefix: String { "\(start)\(getpid())" }

    /// Removes what processes left that run no longer.
    static func removeAbandoned(below parent: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: parent) where name.hasPrefix(start) {
            guard let pid = Int32(name.dropFirst(start.count).prefix { $0.isNumber }), !ProcessTable.isRunning(pid)
            else { continue }
            try Directory.remove("\(parent)/\(name)")
        }
    }
}
