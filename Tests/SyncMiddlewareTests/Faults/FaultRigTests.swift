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

    /// What the last change shows is certain: every key is cached then, and nobody writes who would clear one.
    ///
    /// Whether a token is missed is up to the faults; that three runs miss none has not been seen.
    @Test("A cache without guards is caught", .timeLimit(.minutes(10)))
    func naive() async throws {
        var promises: Set<Breach.Promise> = []
        var summaries: [String] = []
        for attempt in 0..<3 where !promises.contains(.p11) {
            let run = try await FaultRun.of(
                .naive,
                seed: FaultRun.seed &+ UInt64(attempt),
                duration: .seconds(6),
                faults: [.cutOff, .loseReplies, .foreignWrites]
            )
            promises.formUnion(run.breaches.map(\.promise))
            #expect(run.breaches.contains { $0.promise == .p12 }, "\(run.summary)\n\(run.talk)")
            summaries.append(run.summary)
        }
        #expect(promises.contains(.p11), "\(summaries.joined(separator: "\n"))")
        // It does write to PostgreSQL.
        #expect(promises.isDisjoint(with: [.p9, .p10]), "\(summaries.joined(separator: "\n"))")
    }
}
