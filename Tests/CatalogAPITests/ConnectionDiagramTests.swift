import Foundation
import TestSupport
import Testing

@testable import CatalogAPI

/// The diagram of `docs/state-machines.md` against what the machine does.
@Suite("The diagram of a connection")
struct ConnectionDiagramTests {
    @Test("has the arrows that happen, and no others")
    func arrows() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/state-machines.md"), encoding: .utf8)
        let section = page.components(separatedBy: "\n## ").first { $0.hasPrefix("`ConnectionStateMachine`") }
        let drawn = try #require(section).matches(of: /(?m)^ +(\w+) --> (\w+)/).map { "\($0.1) --> \($0.2)" }
        #expect(Set(drawn) == Self.observed())
    }

    /// What happens to connections whose peers and answers do anything in any order that the handlers allow.
    private static func observed() -> Set<String> {
        var result: Set<String> = []
        var random = SeededGenerator(seed: 1)
        for _ in 0..<5_000 {
            var machine = ConnectionStateMachine(.init(head: 20, body: 20, unread: 20, linger: 5), now: 0)
            var isAnswering = false
            for now in 1...40 {
                let before = name(machine.state)
                switch Int.random(in: 0..<8, using: &random) {
                case 0: machine.headRead(keepsAlive: Bool.random(using: &random), now: now)
                case 1: machine.endRead(now: now)
                case 2: _ = machine.broke()
                case 3 where Int.random(in: 0..<5, using: &random) == 0: _ = machine.inputClosed()
                case 4 where machine.unanswered > 0 && !isAnswering:
                    _ = machine.headWritten(closes: Bool.random(using: &random))
                    isAnswering = true
                case 5 where isAnswering:
                    _ = machine.endWritten(now: now)
                    isAnswering = false
                case 6 where Int.random(in: 0..<5, using: &random) == 0: machine.quiesce()
                default: _ = machine.tick(now: now, hasUnsent: false)
                }
                let after = name(machine.state)
                if before != after { result.insert("\(before) --> \(after)") }
                if after == "closed" { break }
            }
        }
        return result
    }

    private static func name(_ state: ConnectionStateMachine.State) -> String {
        switch state {
        case .open: "open"
        case .ending: "ending"
        case .lingering: "lingering"
        case .closed: "closed"
        }
    }
}
