import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("The simulator", .serialized)
struct SimulatorTests {
    @Test("No schedule breaks a promise", .timeLimit(.minutes(15)))
    func promises() async {
        let count = TestEffort.count(slice: 10_000, long: 100_000)
        let breach = await Self.firstBreach(in: 0..<UInt64(count), guards: .all)
        #expect(breach == nil, "\(Self.story(breach, guards: .all))")
    }

    @Test("A seed gives the same schedule every time", arguments: [UInt64(7), 4711, 123_456_789])
    func replay(seed: UInt64) {
        let first = Simulation.run(seed, tracing: true)
        let second = Simulation.run(seed, tracing: true)
        #expect(first.trace == second.trace)
        #expect(first.trace.count > 20)
    }

    /// A guard, and the promises that may be seen to break without it.
    struct Mutation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let removed: SyncGuards
        let breaks: Set<String>
    }

    static let mutations = [
        Mutation(testDescription: "lease", removed: .lease, breaks: ["P12", "P13", "P14"]),
        Mutation(testDescription: "floor", removed: .floor, breaks: ["P12", "P13", "P14"]),
        Mutation(testDescription: "token check of PUT", removed: .putToken, breaks: ["P11", "P12", "P13", "P14"]),
        Mutation(testDescription: "epoch", removed: .epoch, breaks: ["P11", "P12", "P13", "P14"]),
        Mutation(testDescription: "generation", removed: .generation, breaks: ["P11"]),
        Mutation(testDescription: "drained_at", removed: .drained, breaks: ["P12"]),
        Mutation(testDescription: "snapshot position", removed: .snapshotPosition, breaks: ["P12", "P14", "P17"]),
    ]

    @Test("Without any one guard a promise breaks", .timeLimit(.minutes(15)), arguments: mutations)
    func mutation(_ mutation: Mutation) async {
        let guards = SyncGuards.all.subtracting(mutation.removed)
        let breach = await Self.firstBreach(in: 0..<10_000, guards: guards)
        #expect(mutation.breaks.contains(breach?.violation.promise ?? "none"), "\(Self.story(breach, guards: guards))")
    }

    // MARK: Running many

    struct Breach: Sendable, Equatable {
        let seed: UInt64
        let violation: Checker.Violation
    }

    /// The lowest seed that breaks something.
    ///
    /// It yields after each schedule, so that tests beside it, which have deadlines, get their turn.
    static func firstBreach(in seeds: Range<UInt64>, guards: SyncGuards) async -> Breach? {
        for seed in seeds {
            if let violation = Simulation.run(seed, guards: guards).checker.violation {
                return Breach(seed: seed, violation: violation)
            }
            await Task.yield()
        }
        return nil
    }

    /// Everything that happened in the schedule that broke a promise.
    static func story(_ breach: Breach?, guards: SyncGuards) -> String {
        guard let breach else { return "no schedule broke a promise" }
        let trace = Simulation.run(breach.seed, guards: guards, tracing: true).trace
        let head = "seed \(breach.seed): \(breach.violation.promise): \(breach.violation.text)"
        return ([head] + trace).joined(separator: "\n")
    }
}
