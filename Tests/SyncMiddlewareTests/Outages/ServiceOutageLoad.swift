import Synchronization
import TestSupport

/// Readers and writers before services over HTTP, and what each of them was told when.
///
/// Each writer has a row of its own; the others are only read, and of these the last one does not exist.
final class ServiceOutageLoad: Sendable {
    /// What somebody was told.
    struct Told: Sendable {
        let begunAt: ContinuousClock.Instant
        let endedAt: ContinuousClock.Instant
        /// The mark that a writer wrote; nil of a reader.
        let mark: String?
        let key: String
        /// nil: the connection gave no answer.
        let answer: ServiceClient.Answer?

        var isWrite: Bool { mark != nil }

        /// Whether the reader was told whether there is a row, and of one that there is.
        var isAnswered: Bool { answer?.status == (key == ServiceOutageLoad.missing ? 404 : 200) }

        /// The version in the ETag.
        var version: Int? {
            answer?.fields["etag"].flatMap { $0.wholeMatch(of: /"p[0-9]+-([0-9]+)"/) }.flatMap { Int($0.1) }
        }
    }

    /// How many rows are only read; the key behind them has none.
    static let quietKeys = 8
    /// The key without a row.
    static let missing = MixedLoadConfiguration.key(quietKeys)
    private static let readers = 6
    private static let writers = 4

    private let clients: [ServiceClient]
    private let all = Mutex<[Told]>([])

    init(_ clients: [ServiceClient]) {
        self.clients = clients
    }

    /// What everybody was told so far.
    var told: [Told] { all.withLock { $0 } }

    /// Reads and writes beside the body, until it returns.
    func run(seed: UInt64, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for reader in 0..<Self.readers { group.addTask { await self.read(as: reader, seed: seed) } }
            for writer in 0..<Self.writers { group.addTask { await self.write(as: writer, seed: seed) } }
            let result: Result<Void, any Error>
            do {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            group.cancelAll()
            try await group.waitForAll()
            try result.get()
        }
    }

    private func note(_ key: String, mark: String?, _ ask: () async -> ServiceClient.Answer?) async {
        let begunAt = ContinuousClock.now
        let answer = await ask()
        // Whoever is cancelled was told nothing.
        guard answer != nil || !Task.isCancelled else { return }
        all.withLock { $0.append(Told(begunAt: begunAt, endedAt: .now, mark: mark, key: key, answer: answer)) }
    }

    private func read(as reader: Int, seed: UInt64) async {
        var random = SeededGenerator(seed: seed &+ UInt64(reader))
        let client = clients[reader % clients.count]
        while await rest(upTo: 40, &random) {
            let key = MixedLoadConfiguration.key(Int.random(in: 0...Self.quietKeys, using: &random))
            await note(key, mark: nil) { await client.ask("GET", "/api/tasks/\(key)") }
        }
    }

    private func write(as writer: Int, seed: UInt64) async {
        var random = SeededGenerator(seed: seed &+ 1_000 &+ UInt64(writer))
        let client = clients[writer % clients.count]
        let key = MixedLoadConfiguration.key(Self.quietKeys + 1 + writer)
        var step = 0
        while await rest(upTo: 80, &random) {
            step += 1
            let mark = "\(writer)-\(step)"
            await note(key, mark: mark) {
                await client.ask(
                    "PATCH",
                    "/api/tasks/\(key)",
                    [("Content-Type", "application/merge-patch+json"), ("Idempotency-Key", mark)],
                    body: #"{"title":"\#(mark)"}"#
                )
            }
        }
    }

    /// Waits a while; false when the load is over.
    private func rest(upTo milliseconds: Int, _ random: inout SeededGenerator) async -> Bool {
        // The one thing that this can throw is that the load is over.
        (try? await Task.sleep(for: .milliseconds(Int.random(in: 1...milliseconds, using: &random)))) != nil
    }
}
