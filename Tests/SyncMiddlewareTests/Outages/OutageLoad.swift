import Diagnostics
import Postgres
import Synchronization
import TestSupport

@testable import SyncMiddleware

/// Readers and writers before instances, and what each of them was told when.
///
/// Each writer has rows of its own, so that it meets no other one; some rows are only read.
final class OutageLoad: Sendable {
    /// What somebody was told.
    struct Told: Sendable {
        enum What: Sendable {
            case answered(Answer.Source)
            /// An acknowledged write.
            case written(key: String, version: Int, title: String)
            case refused(ErrorCode)
        }

        let begunAt: ContinuousClock.Instant
        let endedAt: ContinuousClock.Instant
        let isWrite: Bool
        let what: What
    }

    /// How many rows are only read.
    static let quietKeys = 8
    /// How many rows each writer has.
    private static let keysOfWriter = 2
    private static let readers = 8
    private static let writers = 4

    /// All rows.
    static let keys = (0..<quietKeys + writers * keysOfWriter).map { "task-\($0)" }

    private let instances: [SyncInstance]
    private let all = Mutex<[Told]>([])

    init(_ instances: [SyncInstance]) {
        self.instances = instances
    }

    /// What everybody was told so far.
    var told: [Told] { all.withLock { $0 } }

    /// Reads and writes beside the body, until it returns.
    func run(seed: UInt64, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for reader in 0..<Self.readers {
                group.addTask { try await self.read(as: reader, seed: seed) }
            }
            for writer in 0..<Self.writers {
                group.addTask { try await self.write(as: writer, seed: seed) }
            }
            try await body()
            group.cancelAll()
            // All that their ends can say is that they were cancelled.
            while let ended = await group.nextResult() {
                if case .failure(let error) = ended, !(error is CancellationError) { throw error }
            }
        }
    }

    private func note(_ begunAt: ContinuousClock.Instant, isWrite: Bool, _ what: Told.What) {
        all.withLock { $0.append(Told(begunAt: begunAt, endedAt: .now, isWrite: isWrite, what: what)) }
    }

    private func read(as reader: Int, seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed &+ UInt64(reader))
        let instance = instances[reader % instances.count]
        while true {
            try await Task.sleep(for: .milliseconds(Int.random(in: 1...30, using: &random)))
            let key = "task-\(Int.random(in: 0..<Self.quietKeys, using: &random))"
            let begunAt = ContinuousClock.now
            do {
                note(begunAt, isWrite: false, .answered(try await instance.read("tasks", key).source))
            } catch let error as SyncError {
                note(begunAt, isWrite: false, .refused(error.code))
            }
        }
    }

    private func write(as writer: Int, seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed &+ 1_000 &+ UInt64(writer))
        let instance = instances[writer % instances.count]
        var step = 0
        while true {
            try await Task.sleep(for: .milliseconds(Int.random(in: 1...60, using: &random)))
            step += 1
            let number =
                Self.quietKeys + writer * Self.keysOfWriter + Int.random(in: 0..<Self.keysOfWriter, using: &random)
            let key = "task-\(number)"
            let title = "\(writer)-\(step)"
            // A strong read has its own refusals; what counts here is the write.
            guard let expected = try? await instance.read("tasks", key, .strong).version else {
                let begunAt = ContinuousClock.now
                // Any version will do: nobody takes it.
                await attempt(instance, key, title, expected: 1, begunAt: begunAt)
                continue
            }
            await attempt(instance, key, title, expected: expected, begunAt: .now)
        }
    }

    private func attempt(
        _ instance: SyncInstance,
        _ key: String,
        _ title: String,
        expected: Int,
        begunAt: ContinuousClock.Instant
    ) async {
        do {
            let receipt = try await instance.write(
                key,
                .replace(["title": .text(title)], expected: expected),
                key: title
            )
            note(begunAt, isWrite: true, .written(key: key, version: receipt.version, title: title))
        } catch let error as SyncError {
            // A row that was written although nobody said so is one version further.
            if error.code != .syncConflict { note(begunAt, isWrite: true, .refused(error.code)) }
        } catch {
            // The load is over.
        }
    }
}
