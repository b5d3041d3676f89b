import Domain

/// Which home the service answers from and whether it takes writes, by what it has seen of the system's mode; pure.
struct ServingStateMachine: Sendable {
    /// The row of `cortex.system_mode`.
    struct Row: Sendable, Equatable {
        var mode: SystemMode
        var epoch: Int
        /// While frozen: where the truth is until the flip.
        var previous: SystemMode?
    }

    /// What a look brought.
    enum Sighting: Sendable, Equatable {
        /// There is no database, or none with the schema of Cortex.
        case nothing
        /// The row.
        case row(Row)
        /// A database is there, and it does not answer.
        case silence
    }

    /// What may be done with a write.
    enum Writing: Sendable, Equatable {
        /// It goes to the home as it is.
        case open
        /// It goes to the tree while the mode is held.
        case fenced
        /// It waits.
        case held
    }

    private(set) var row: Row?
    private(set) var home: CatalogHome?
    /// Whether a database is known to be there: then the tree is only written to while the mode is held.
    private(set) var hasDatabase = false
    /// The number of the look that brought what is known; later ones count, earlier ones come too late.
    private(set) var look = 0

    init() {}

    /// The mode: `json` before a database was seen.
    var mode: SystemMode { row?.mode ?? .json }

    /// The epoch of the mode; 0 without a database.
    var epoch: Int { row?.epoch ?? 0 }

    /// What may be done with a write now.
    var writing: Writing {
        switch mode {
        case .frozen: .held
        case .postgres: .open
        case .json, .catchup: hasDatabase ? .fenced : .open
        }
    }

    /// A look brought this.
    mutating func saw(_ sighting: Sighting, look: Int) {
        guard look > self.look else { return }
        self.look = look
        switch sighting {
        case .silence: break
        case .nothing:
            // A database that held the truth, or was about to, is away and not gone.
            guard mode == .json else { return }
            row = nil
            hasDatabase = false
            home = .tree
        case .row(let row):
            self.row = row
            hasDatabase = true
            home = home(of: row)
        }
    }

    private func home(of row: Row) -> CatalogHome {
        switch (row.mode, row.previous) {
        case (.json, _), (.catchup, _), (.frozen, .json), (.frozen, .catchup): .tree
        case (.postgres, _), (.frozen, .postgres), (.frozen, .frozen): .postgres
        // Nobody said where the truth is until the flip: where it was.
        case (.frozen, nil): home ?? .tree
        }
    }
}
