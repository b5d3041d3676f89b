import Domain
import Synchronization
import Testing

@testable import Catalog

@Suite("Counts of the whole catalog")
struct StatisticsCounterTests {
    private static func counts(_ assets: Int) -> CatalogStatistics {
        CatalogStatistics(
            totalAssets: assets,
            byType: [:],
            byOwner: [:],
            namespaces: 0,
            totalTasks: 0,
            tasksByStatus: [:],
            totalAgents: 0,
            agentsByStatus: [:]
        )
    }

    /// Takes long, and must not be in use twice at a time.
    private final class SlowCount: Sendable {
        private let state = Mutex((running: 0, made: 0))

        var made: Int { state.withLock { $0.made } }

        func count() async throws -> CatalogStatistics {
            let number = state.withLock { state in
                state.running += 1
                state.made += 1
                #expect(state.running == 1)
                return state.made
            }
            try await Task.sleep(for: .milliseconds(200))
            state.withLock { $0.running -= 1 }
            return StatisticsCounterTests.counts(number)
        }
    }

    @Test("are made one at a time; what took long is kept for its clearance")
    func slow() async throws {
        let counter = StatisticsCounter(quick: .milliseconds(20))
        let count = SlowCount()
        let found = try await withThrowingTaskGroup(of: Int.self) { group in
            for clearance in [Sensitivity.internal, .internal, .internal, .secret, .internal, .secret] {
                group.addTask {
                    try await counter.statistics(clearance: clearance) { try await count.count() }.totalAssets
                }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(found.sorted() == [1, 1, 2, 2, 2, 2] || found.sorted() == [1, 1, 1, 1, 2, 2])
        #expect(count.made == 2)
    }

    @Test("that are quick are made anew, and a failure is told to those who asked for it")
    func quick() async throws {
        struct Failure: Error {}
        let counter = StatisticsCounter(quick: .seconds(60))
        #expect(try await counter.statistics(clearance: .internal) { Self.counts(1) }.totalAssets == 1)
        await #expect(throws: Failure.self) { try await counter.statistics(clearance: .internal) { throw Failure() } }
        #expect(try await counter.statistics(clearance: .internal) { Self.counts(2) }.totalAssets == 2)
    }
}
