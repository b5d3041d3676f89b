import Foundation
import TestSupport
import Testing

@testable import SyncMiddleware

/// The diagrams of `docs/state-machines.md` against what the machines do.
@Suite("State diagrams")
struct StateDiagramTests {
    @Test(
        "The diagram lists exactly the transitions that happen",
        arguments: ["ReadStateMachine", "WriteStateMachine", "RelayStateMachine", "BreakerStateMachine"]
    )
    func transitions(machine: String) throws {
        #expect(try Self.drawn(machine) == Self.observed.filter { $0.hasPrefix("\(machine):") })
    }

    /// The arrows below the heading of this name, in the form of `Simulation.transitions`.
    private static func drawn(_ machine: String) throws -> Set<String> {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/state-machines.md"), encoding: .utf8)
        let section = try #require(page.components(separatedBy: "\n## ").first { $0.hasPrefix("`\(machine)`") })
        let arrows = section.matches(of: /(?m)^ +(\w+) --> (\w+)/).map { "\(machine): \($0.1) --> \($0.2)" }
        return Set(arrows)
    }

    /// What happens in many schedules, and what a breaker does with random calls.
    private static let observed: Set<String> = {
        var result: Set<String> = []
        for seed in UInt64(0)..<3000 { result.formUnion(Simulation.run(seed, tracing: true).transitions) }
        var random = SeededRandom(seed: 1)
        var breaker = BreakerStateMachine()
        var now = 0
        for _ in 0..<5000 {
            now += random.below(60)
            for _ in 0..<2 {
                let old = breaker.state
                if random.oneIn(2) {
                    _ = breaker.admit(now: now)
                } else {
                    breaker.ended(failed: random.oneIn(2), now: now)
                }
                let names = [old, breaker.state].map { String("\($0)".prefix { $0 != "(" }) }
                if names[0] != names[1] { result.insert("BreakerStateMachine: \(names[0]) --> \(names[1])") }
            }
        }
        return result
    }()
}
