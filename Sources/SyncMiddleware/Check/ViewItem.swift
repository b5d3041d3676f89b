import Domain

/// A place of the published view to be compared, with the row that has a say in it.
struct ViewItem: Sendable, Hashable {
    /// Where it is, of an edge both its keys; the value names the set of assets for a value in use.
    let place: ViewFact
    let kind: ViewKind
    let id: String

    /// Ids are compared by their bytes.
    static func == (first: ViewItem, second: ViewItem) -> Bool {
        first.place == second.place && first.kind == second.kind && ExactText(first.id) == ExactText(second.id)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(place)
        hasher.combine(kind)
        hasher.combine(ExactText(id))
    }

    /// A fact of a row.
    init(_ fact: ViewFact, kind: ViewKind, id: String) {
        place = ViewFact(fact.form, fact.key, fact.member, value: fact.form == .inUse ? fact.value : [])
        self.kind = kind
        self.id = id
    }

    /// What was found in Redis; nil for what can be a fact of no row.
    init?(_ found: ViewPlace) {
        guard let fact = found.fact, let id = String(validating: found.id, as: UTF8.self) else { return nil }
        let kind = found.kind ?? .assets
        self.init(fact, kind: kind, id: id)
    }
}
