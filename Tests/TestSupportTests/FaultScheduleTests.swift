import TestSupport
import Testing

@Suite("Schedules of faults")
struct FaultScheduleTests {
    @Test("A seed gives the same schedule again, another seed another")
    func seeds() {
        let first = FaultSchedule(seed: 1, duration: .seconds(60), instances: 2)
        #expect(first == FaultSchedule(seed: 1, duration: .seconds(60), instances: 2))
        #expect(first.steps != FaultSchedule(seed: 2, duration: .seconds(60), instances: 2).steps)
    }

    @Test(
        "A minute has every kind of fault, beginning 0.5 to 3 s after one another",
        arguments: 0..<20 as Range<UInt64>
    )
    func minute(_ seed: UInt64) {
        let steps = FaultSchedule(seed: seed, duration: .seconds(60), instances: 2).steps
        #expect(Set(steps.map(\.fault)) == Set(FaultSchedule.Fault.allCases))
        let distances = zip(steps, steps.dropFirst()).map { $0.length + $1.pause }
        #expect(distances.allSatisfy { (.milliseconds(500)...(.milliseconds(3_000))).contains($0) })
        #expect(Set(steps.map(\.instance)) == [0, 1])
        #expect(steps.map(\.pause).reduce(.zero, +) < .seconds(60))
    }
}
