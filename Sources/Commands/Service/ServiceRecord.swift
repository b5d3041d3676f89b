import Processes
import ServiceLifecycle
import Synchronization

/// Where the running services of a home say where they are: a lock file for each process in `run/serve`.
///
/// The system frees the lock however the process ends, so a record whose lock is free is of a service that is gone.
struct ServiceRecord: Sendable, Equatable {
    /// Where clients find it.
    let url: String
    /// Where `/livez` is.
    let probe: String

    private static func directory(_ home: String) -> String { home + "/run/serve" }

    /// Keeps a record of this process for as long as the body runs, and takes away those of processes that are gone.
    func held<R>(in home: String, _ body: () async throws -> R) async throws -> R {
        let directory = Self.directory(home)
        for name in Directory.entries(of: directory) where !LockFile.isHeld(at: "\(directory)/\(name)") {
            try Directory.remove("\(directory)/\(name)")
        }
        let path = "\(directory)/\(ProcessTable.own).lock"
        // Somebody who asks for the status may be looking.
        return try await LockFile.withLock(at: path, holder: "\(url) \(probe)", patience: .seconds(1)) {
            defer {
                // A file that stays behind is taken for what it is: nobody holds it.
                try? Directory.remove(path)
            }
            return try await body()
        }
    }

    /// The services that run, the one with the lowest process id first; nil where one was killed and none runs.
    static func running(in home: String) -> [ServiceRecord]? {
        let directory = directory(home)
        let names = Directory.entries(of: directory).filter { $0.hasSuffix(".lock") }
        let found = names.compactMap { name -> (pid: Int32, record: ServiceRecord)? in
            let path = "\(directory)/\(name)"
            guard LockFile.isHeld(at: path), let holder = LockFile.holder(of: path) else { return nil }
            let words = holder.command.split(separator: " ").map(String.init)
            guard words.count == 2 else { return nil }
            return (holder.pid, ServiceRecord(url: words[0], probe: words[1]))
        }
        if found.isEmpty, !names.isEmpty { return nil }
        return found.sorted { $0.pid < $1.pid }.map(\.record)
    }
}

/// Keeps the record of a service while it serves.
struct RecordKeeping: Service {
    let home: String
    let listeners: ServiceListeners

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            guard let record = await listeners.record() else { return }
            try await record.held(in: home) {
                // Until the service ends.
                while (try? await Task.sleep(for: .seconds(3_600))) != nil {}
            }
        }
    }
}

/// The addresses that a service listens on, once it does.
final class ServiceListeners: Sendable {
    private let host: String
    private let ports: Mutex<(main: Int?, operation: Int?)>
    private let hasOperation: Bool
    private let stream: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    /// Those of a service at this host, with or without a listener of its own for operation.
    init(host: String, hasOperation: Bool) {
        self.host = host
        self.hasOperation = hasOperation
        ports = Mutex((nil, nil))
        (stream, changed) = AsyncStream.makeStream()
    }

    func mainListens(on port: Int) {
        ports.withLock { $0.main = port }
        changed.yield()
    }

    func operationListens(on port: Int) {
        ports.withLock { $0.operation = port }
        changed.yield()
    }

    /// The addresses, when both are known; nil when the task is cancelled before.
    func record() async -> ServiceRecord? {
        for await _ in stream {
            let ports = ports.withLock { $0 }
            guard let main = ports.main, let probe = hasOperation ? ports.operation : main else { continue }
            return ServiceRecord(url: Self.url(host, main), probe: Self.url(host, probe))
        }
        return nil
    }

    /// The URL for a client on this machine.
    static func url(_ host: String, _ port: Int) -> String {
        let reachable =
            switch host {
            case "0.0.0.0": "127.0.0.1"
            case "::": "::1"
            default: host
            }
        return "http://\(reachable.contains(":") ? "[\(reachable)]" : reachable):\(port)"
    }
}
