import EmbeddedServers
import Foundation
import Processes
import TestSupport

/// A Redis server of its own on a Unix socket, for the length of a body.
enum RedisServer {
    struct DidNotStart: Error {
        let log: String
    }

    static func withServer<R>(_ body: (RedisWire) throws -> R) async throws -> R {
        let installation = try await RedisInstallation.choose()
        return try await withTemporaryDirectory { directory in
            let socket = "\(directory)/redis.sock"
            let log = "\(directory)/log"
            let settings = [
                "--port", "0", "--unixsocket", socket, "--dir", directory, "--save", "", "--appendonly", "no",
            ]
            let pid = try await Daemon.launch(ChildCommand(installation.server, settings), log: log)
            do {
                let result = try await connected(to: socket, log: log, body)
                try await stop(pid)
                return result
            } catch {
                try await stop(pid)
                throw error
            }
        }
    }

    private static func connected<R>(to socket: String, log: String, _ body: (RedisWire) throws -> R) async throws -> R
    {
        let end = ContinuousClock.now + .seconds(30)
        while true {
            if let wire = RedisWire(path: socket) { return try body(wire) }
            guard ContinuousClock.now < end else { throw DidNotStart(log: SmallFile.tail(of: log, from: 0)) }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private static func stop(_ pid: Int32) async throws {
        ProcessTable.signal(pid, SIGKILL)
        _ = try await ProcessTable.waitForExit(of: pid, within: .seconds(10))
    }
}
