import TestSupport
import Testing

/// What the rig itself is worth: it clears who keeps the promises, and catches who does not.
@Suite("The fault rig", .serialized)
struct FaultRigTests {
    @Test("PostgreSQL alone keeps every promise while instances and servers die", .timeLimit(.minutes(10)))
    func database() async throws {
        let run = try await FaultRun.of(
            .database,
            duration: .seconds(6),
            faults: [.killInstance, .killPostgres, .cutDatabase, .openTransaction, .foreignWrites]
        )
        #expect(run.breaches.isEmpty, "\(run.summary)\n\(run.talk)")
        #expect(run.events.count > 300, "\(run.summary)\n\(run.talk)")
    }

    @Test("A cache without guards is caught", .timeLimit(.minutes(10)))
    func naive() async throws {
        let run = try await FaultRun.of(.naive, duration: .seconds(6), faults: [.cutOff, .loseReplies, .foreignWrites])
        let promises = Set(run.breaches.map(\.promise))
        #expect(promises.isSuperset(of: [.p11, .p12]), "\(run.summary)\n\(run.talk)")
        // It does write to PostgreSQL.
        #expect(promises.isDisjoint(with: [.p9, .p10]), "\(run.summary)")
    }
}
