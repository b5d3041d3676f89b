import Domain
import Testing

@testable import Catalog

@Suite("Which home serves")
struct ServingStateMachineTests {
    typealias Row = ServingStateMachine.Row

    /// What was seen, and what follows.
    struct Case: Sendable, CustomTestStringConvertible {
        let seen: [ServingStateMachine.Sighting]
        let home: CatalogHome?
        let writing: ServingStateMachine.Writing
        let testDescription: String

        init(
            _ description: String,
            _ seen: [ServingStateMachine.Sighting],
            _ home: CatalogHome?,
            _ writing: ServingStateMachine.Writing
        ) {
            testDescription = description
            (self.seen, self.home, self.writing) = (seen, home, writing)
        }
    }

    private static func row(
        _ mode: SystemMode,
        _ epoch: Int,
        _ previous: SystemMode? = nil
    ) -> ServingStateMachine.Sighting {
        .row(Row(mode: mode, epoch: epoch, previous: previous))
    }

    static let cases = [
        Case("nothing seen", [], nil, .open),
        Case("no database", [.nothing], .tree, .open),
        Case("a database that does not answer yet", [.silence], nil, .open),
        Case("json", [row(.json, 1)], .tree, .fenced),
        Case("catchup", [row(.json, 1), row(.catchup, 2)], .tree, .fenced),
        Case("frozen towards postgres", [row(.catchup, 2), row(.frozen, 3, .catchup)], .tree, .held),
        Case("postgres", [row(.frozen, 3, .catchup), row(.postgres, 4)], .postgres, .open),
        Case("frozen towards json", [row(.postgres, 4), row(.frozen, 5, .postgres)], .postgres, .held),
        Case("frozen without a word where from", [row(.postgres, 4), row(.frozen, 5)], .postgres, .held),
        Case("frozen, and nothing else is known", [row(.frozen, 5)], .tree, .held),
        Case("back in json", [row(.postgres, 4), row(.frozen, 5, .postgres), row(.json, 6)], .tree, .fenced),
        Case("json, then the database is stopped", [row(.json, 1), .nothing], .tree, .open),
        Case("json, then it does not answer", [row(.json, 1), .silence], .tree, .fenced),
        Case("postgres, then it is stopped", [row(.postgres, 4), .nothing], .postgres, .open),
        Case("catchup, then it is stopped", [row(.catchup, 2), .nothing], .tree, .fenced),
        Case("frozen, then it is stopped", [row(.frozen, 3, .catchup), .nothing], .tree, .held),
    ]

    @Test("follows from what was seen of the mode", arguments: cases)
    func table(_ one: Case) {
        var machine = ServingStateMachine()
        for (index, sighting) in one.seen.enumerated() { machine.saw(sighting, look: index + 1) }
        #expect(machine.home == one.home)
        #expect(machine.writing == one.writing)
    }

    @Test("a look that began earlier and ends later counts for nothing")
    func order() {
        var machine = ServingStateMachine()
        machine.saw(Self.row(.postgres, 4), look: 2)
        machine.saw(Self.row(.json, 1), look: 1)
        #expect(machine.mode == .postgres && machine.epoch == 4)
    }
}
