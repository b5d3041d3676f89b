import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("The simulator")
struct SimulatorTests {
    @Test("probe")
    func probe() {
        let clock = ContinuousClock()
        let names: [(String, SyncGuards)] = [("lease", .lease), ("floor", .floor), ("putToken", .putToken), ("epoch", .epoch), ("generation", .generation), ("drained", .drained), ("snapshot", .snapshotPosition)]
        for (name, g) in names {
            let time = clock.measure {
            for seed in 0..<10000 {
                let s = Simulation.run(UInt64(seed), guards: SyncGuards.all.subtracting(g))
                if let v = s.checker.violation {
                    print("mutation", name, "seed", seed, v)
                    break
                }
            }
            }
            print(name, time)
        }
    }
    @Test("probe2")
    func probe2() {
        let clock = ContinuousClock()
        var answers = 0
        let time = clock.measure {
            for seed in 0..<10000 {
                let s = Simulation.run(UInt64(seed))
                answers += s.checker.answers
                if let v = s.checker.violation {
                    print("seed", seed, v)
                    let t = Simulation.run(UInt64(seed), tracing: true)
                    print(t.trace.joined(separator: "\n"))
                    break
                }
            }
        }
        print("time", time, "answers", answers)
    }
}
