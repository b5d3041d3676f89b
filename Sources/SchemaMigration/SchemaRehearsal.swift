import Diagnostics
public import Postgres

/// Proves on an empty database that every step can be made, checked, undone and made again.
public enum SchemaRehearsal: Sendable {
    /// Something that is not as it should be.
    public struct Finding: Sendable, Hashable, Encodable {
        /// The step during which it showed.
        public let step: String
        /// What was being proved, such as `undone is as before`.
        public let expectation: String
        /// The object concerned; nil when a verification does not hold.
        public let drift: SchemaDrift?
        /// What failed; nil when an object differs.
        public let failure: String?
    }

    /// Takes each step up, checks it and all before it, takes it down and up again; then all down and all up again.
    ///
    /// After each move the catalogue must equal that of the same place before, and a second `up` must do nothing. Returns
    /// what is not so; nothing means proved. Leaves the database with all steps applied. Throws `schema.migration_failed`
    /// when a step fails, and `schema.outdated` when the database has a ledger already: nothing is undone there.
    public static func run(
        on session: PostgresSession,
        migrations: MigrationCatalogue = .shipped
    ) async throws -> [Finding] {
        let migrator = SchemaMigrator(session: session, migrations: migrations)
        guard try await Ledger.read(session) == nil else {
            throw SchemaError(
                .schemaOutdated,
                "a rehearsal needs an empty database and this one has a Cortex schema",
                hint: "create a database for it"
            )
        }
        var rehearsal = State(session: session, migrator: migrator)
        try await rehearsal.remember(0)
        for step in migrations.steps { try await rehearsal.rehearse(step) }
        try await rehearsal.rehearseWhole(migrations)
        return rehearsal.findings
    }

    private struct State {
        let session: PostgresSession
        let migrator: SchemaMigrator
        var findings: [Finding] = []
        /// The catalogue at each number.
        var snapshots: [Int: CatalogueSnapshot] = [:]

        mutating func remember(_ number: Int) async throws {
            snapshots[number] = try await live()
        }

        mutating func rehearse(_ step: SchemaStep) async throws {
            try await migrator.up(to: step.number)
            try await remember(step.number)
            try await verify(step.label)
            try await migrator.down(to: step.number - 1)
            try await compare(step.number - 1, step.label, "undone is as before")
            try await migrator.up(to: step.number)
            try await compare(step.number, step.label, "made again is as made once")
            try await migrator.up(to: step.number)
            try await compare(step.number, step.label, "made twice is as made once")
            try await verify(step.label)
        }

        mutating func rehearseWhole(_ migrations: MigrationCatalogue) async throws {
            try await migrator.down(to: 0)
            try await compare(0, "all", "undone is as before")
            try await migrator.up()
            try await compare(migrations.latest, "all", "made again is as made once")
        }

        private mutating func verify(_ label: String) async throws {
            for verification in try await migrator.verify() {
                guard let failure = verification.failure else { continue }
                findings.append(
                    Finding(step: label, expectation: "verifications hold", drift: nil, failure: failure.description)
                )
            }
            for drift in try await migrator.drift() {
                findings.append(
                    Finding(step: label, expectation: "the catalogue is recorded", drift: drift, failure: nil)
                )
            }
        }

        private mutating func compare(_ number: Int, _ label: String, _ expectation: String) async throws {
            guard let before = snapshots[number] else { return }
            for drift in before.differences(in: try await live()) {
                findings.append(Finding(step: label, expectation: expectation, drift: drift, failure: nil))
            }
        }

        private func live() async throws -> CatalogueSnapshot {
            try await session.withTransaction(.readOnly) { try await CatalogueSnapshot.live(session) }
        }
    }
}
