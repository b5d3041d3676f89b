import EmbeddedServers
import Foundation
import Processes
import Testing

extension ScratchPostgres {
    /// The server's process and those that it started.
    func processes() throws -> [Int32] {
        let server = try #require(processID)
        return [server]
            + ProcessTable.all().filter { process in
                // A process that has ended meanwhile is none of them.
                guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
                    let rest = text.split(separator: ")").last
                else { return false }
                return rest.split(separator: " ").dropFirst().first.flatMap { Int32($0) } == server
            }
    }
}
