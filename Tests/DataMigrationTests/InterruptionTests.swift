import DataMigration
import Diagnostics
import Domain
import Postgres
import Synchronization
import Testing

@Suite("Interruption")
struct InterruptionTests {
    /// Cancels the task that runs a migration at its n-th event.
    private final class Interrupter: Sendable {
        private let state: Mutex<(remaining: Int, task: Task<Void, any Error>?)>

        init(atEvent number: Int) {
            state = Mutex((number, nil))
        }

        /// Starts the work, which may report events at once.
        func run(_ work: @escaping @Sendable () async throws -> Void) async throws {
            let task = state.withLock { state in
                let task = Task { try await work() }
                state.task = task
                return task
            }
            try await task.value
        }

        func event() {
            state.withLock { state in
                state.remaining -= 1
                if state.remaining == 0 { state.task?.cancel() }
            }
        }
    }

    @Test("A cancelled run says that it can be resumed; resumed, it ends with the same tables", arguments: 1...5)
    func cancelled(atEvent number: Int) async throws {
        let expected = try await uninterrupted()
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            let interrupter = Interrupter(atEvent: number)
            let migration = try harness.migration({ $0.noCutover = true }, progress: { _ in interrupter.event() })
            let client = harness.client
            do {
                try await interrupter.run {
                    _ = try await client.withSession { session in
                        try await migration.run(session: session, facts: MigrationHarness.facts)
                    }
                }
                Issue.record("the run was not interrupted")
            } catch let error as DataMigrationError {
                #expect(error.code == .interrupted)
            }
            let facts = try await harness.migrate { $0.noCutover = true }
            #expect(facts.status == .completed)
            #expect(try await harness.tableHashes() == expected)
        }
    }

    private func uninterrupted() async throws -> [String: String] {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            try await harness.migrate { $0.noCutover = true }
            return try await harness.tableHashes()
        }
    }
}
