import Foundation
import SyncMiddleware
import TestSupport

/// Puts load on a target as the settings say, and reads every key when the load is over.
struct Worker {
    private let settings: WorkerSettings
    private let history: HistoryFile
    private let board: TokenBoard

    init(_ settings: WorkerSettings) throws {
        self.settings = settings
        history = try HistoryFile(path: settings.history, instance: settings.instance)
        board = try TokenBoard(
            path: settings.board,
            keys: settings.load.keys,
            pages: settings.processes,
            page: settings.process
        )
    }

    /// Works until the process is killed.
    func run(on target: some LoadTarget) async throws {
        let load = MixedLoad(
            on: target,
            instance: settings.instance,
            history: history,
            board: board,
            configuration: settings.load
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await load.run(seed: settings.seed) }
            group.addTask {
                while !FileManager.default.fileExists(atPath: settings.ending) {
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            // The load ends by itself only with an error.
            try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
        while true {
            // All callers want the same keys at the same time.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<settings.load.callers {
                    group.addTask { for key in 0..<settings.load.keys { try await load.read(key, .recent) } }
                }
                try await group.waitForAll()
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// Records a read of PostgreSQL.
    func note(_ read: LeasedRead) {
        // A history that cannot be written ends the load at its next step.
        try? history.record(.fetched(key: read.id, lease: read.lease, epoch: read.epoch))
    }
}
