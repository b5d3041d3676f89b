import Diagnostics
import Testing

@testable import SchemaMigration

@Suite("Migration catalogue")
struct MigrationCatalogueTests {
    @Test("sorts its steps and finds them by number")
    func sorts() throws {
        let catalogue = try MigrationCatalogue(SampleMigrations.steps.reversed())
        #expect(catalogue.steps.map(\.number) == [1, 2, 3])
        #expect(catalogue.latest == 3)
        #expect(catalogue[2]?.label == "0002_search")
        #expect(catalogue[0] == nil)
        #expect(catalogue[4] == nil)
    }

    struct Bad: CustomTestStringConvertible {
        let testDescription: String
        let steps: [SchemaStep]
    }

    static let bad = [
        Bad(testDescription: "a gap", steps: [SampleMigrations.notes, SampleMigrations.rules]),
        Bad(testDescription: "a number twice", steps: [SampleMigrations.notes, SampleMigrations.notes]),
        Bad(testDescription: "no first", steps: [SampleMigrations.search]),
        Bad(testDescription: "an empty name", steps: [SampleMigrations.changed(SampleMigrations.notes, name: "")]),
        Bad(
            testDescription: "a name with a blank",
            steps: [SampleMigrations.changed(SampleMigrations.notes, name: "a b")]
        ),
        Bad(
            testDescription: "no statement",
            steps: [SampleMigrations.changed(SampleMigrations.notes, down: "-- later")]
        ),
        Bad(
            testDescription: "half a statement",
            steps: [SampleMigrations.changed(SampleMigrations.notes, verify: "SELECT 'a")]
        ),
        Bad(
            testDescription: "a transaction",
            steps: [SampleMigrations.changed(SampleMigrations.notes, up: "SELECT 1; COMMIT")]
        ),
    ]

    @Test("refuses steps that cannot be run in order", arguments: bad)
    func refuses(_ bad: Bad) {
        #expect { try MigrationCatalogue(bad.steps) } throws: { ($0 as? SchemaError)?.code == .schemaMigrationFailed }
    }

    @Test("gives each text of a step its part in the checksum")
    func checksum() {
        let step = SchemaStep(number: 1, name: "a", up: "a", verify: "b", down: "c")
        // printf 'a\0b\0c\0' | sha256sum
        #expect(step.checksum == "13e228567e8249fce53337f25d7970de3bd68ab2653424c7b8f9fd05e33caedf")
        let others = [
            SampleMigrations.changed(step, up: "a "), SampleMigrations.changed(step, verify: ""),
            SampleMigrations.changed(step, down: "C"), SampleMigrations.changed(step, up: "ab", verify: ""),
        ]
        #expect(Set(others.map(\.checksum) + [step.checksum]).count == 5)
        #expect(SampleMigrations.changed(step, name: "b").checksum == step.checksum)
    }
}
