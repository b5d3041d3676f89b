import Foundation
import TestSupport
import Testing

@testable import SyncMiddleware

/// The diagrams of `docs/state-machines.md` against what the machines do.
@Suite("State diagrams")
struct StateDiagramTests {
    @Test("The diagrams list exactly the transitions that happen")
    func transitions() async throws {
        let all = await Self.observed()
        for machine in ["ReadStateMachine", "WriteStateMachine", "RelayStateMachine", "BreakerStateMachine"] {
            let drawn = try Self.drawn(machine)
            let observed = all.filter { $0.hasPrefix("\(machine):") }
            #expect(drawn.subtracting(observed).sorted() == [], "drawn, but never seen")
            #expect(observed.subtracting(drawn).sorted() == [], "seen, but not drawn")
        }
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
    private static func observed() async -> Set<String> {
        var result: Set<String> = []
        for seed in UInt64(0)..<2000 {
            result.formUnion(Simulation.run(seed, recording: true).transitions ?? [])
            await Task.yield()
        }
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
                let new = breaker.state
                if old.name != new.name { result.insert("BreakerStateMachine: \(old.name) --> \(new.name)") }
            }
        }
        return result
    }
}
