import TestSupport
import Testing

/// The middleware in two processes, with everything going wrong that can.
@Suite("The middleware under faults", .serialized)
struct MixedFaultTests {
    @Test("Every promise holds while processes, Redis and PostgreSQL die, stall and forget", .timeLimit(.minutes(10)))
    func mixedFaults() async throws {
        let seconds = TestEffort.count(slice: 12, long: 60)
        let run = try await FaultRun.of(.middleware, duration: .seconds(seconds))
        print(run.summary)
        #expect(run.breaches.isEmpty, "\(run.summary)\n\(run.talk)")
        // A run in which little was done shows little.
        #expect(run.answers > 50 * seconds, "\(run.summary)\n\(run.talk)")
        #expect(run.acknowledgements > 5 * seconds, "\(run.summary)\n\(run.talk)")
        #expect(run.cached > 32, "\(run.summary)\n\(run.talk)")
        #expect(run.removals > seconds / 2 && run.quietFetches > 32, "\(run.summary)\n\(run.talk)")
    }
}
