import Foundation
import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("The simulator")
struct SimulatorTests {
    @Test("probe")
    func probe() {
        let env = ProcessInfo.processInfo.environment
        let from = UInt64(env["FROM"] ?? "0")!, to = UInt64(env["TO"] ?? "0")!
        let g = SyncGuards(rawValue: UInt8(env["OFF"] ?? "0")!)
        let all = env["ALL"] != nil
        var found = 0
        var answers = 0
        for seed in from..<to {
            let s = Simulation.run(seed, guards: SyncGuards.all.subtracting(g))
            answers += s.checker.answers
            if let v = s.checker.violation {
                print("seed", seed, v)
                found += 1
                if !all {
                    let t = Simulation.run(seed, guards: SyncGuards.all.subtracting(g), tracing: true)
                    print(t.trace.joined(separator: "\n"))
                    break
                }
            }
        }
        print("found", found, answers)
    }
}
