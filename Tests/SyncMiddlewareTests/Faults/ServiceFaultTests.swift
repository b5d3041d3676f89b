import TestSupport
import Testing

/// Two processes of `cortex serve` with everything going wrong that can; what clients are told over HTTP.
@Suite("The service under faults", .serialized)
struct ServiceFaultTests {
    @Test(
        "Every promise holds over HTTP while services, Redis and PostgreSQL die, stall and forget",
        .timeLimit(.minutes(10))
    )
    func mixedFaults() async throws {
        let seconds = TestEffort.count(slice: 8, long: 60)
        let run = try await FaultRun.ofService(duration: .seconds(seconds))
        print(run.summary)
        #expect(run.breaches.isEmpty, "\(run.summary)\n\(run.talk)")
        // A run in which little was done shows little.
        #expect(run.answers > 15 * seconds, "\(run.summary)\n\(run.talk)")
        #expect(run.acknowledgements > 4 * seconds, "\(run.summary)\n\(run.talk)")
        #expect(run.cached > 32, "\(run.summary)\n\(run.talk)")
        #expect(run.removals > seconds / 4, "\(run.summary)\n\(run.talk)")
    }
}
