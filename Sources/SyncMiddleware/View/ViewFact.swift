import Domain

/// One thing that a row makes true in the published view.
struct ViewFact: Sendable, Hashable {
    /// How it is stored, as the scripts know it.
    enum Form: String, Sendable {
        /// A field of a hash.
        case field = "h"
        /// A member of a set.
        case member = "s"
        /// A member of a sorted set; the value is its score.
        case score = "z"
        /// A string that expires.
        case document = "d"
        /// A member of a set of values in use; the value names the set of rows that has to be there.
        case inUse = "v"
        /// An edge between two assets: a member of both their sets, for as long as one row says it.
        case edge = "e"
    }

    let form: Form
    /// The key; of an edge the asset upstream.
    let key: String
    /// The field or member; of an edge the asset downstream, of a document nothing.
    let member: String
    /// The value or score; empty for members and edges.
    let value: [UInt8]

    init(_ form: Form, _ key: String, _ member: String = "", value: [UInt8] = []) {
        self.form = form
        self.key = key
        self.member = member
        self.value = value
    }

    init(_ form: Form, _ key: String, _ member: String = "", value: String) {
        self.init(form, key, member, value: Array(value.utf8))
    }

    /// Texts are compared by their bytes, as Redis does.
    static func == (first: ViewFact, second: ViewFact) -> Bool {
        first.form == second.form && ExactText(first.key) == ExactText(second.key)
            && ExactText(first.member) == ExactText(second.member) && first.value == second.value
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(form)
        hasher.combine(ExactText(key))
        hasher.combine(ExactText(member))
        hasher.combine(value)
    }

    /// Where it is, whatever the value.
    var place: ViewFact { ViewFact(form, key, member) }

    /// The keys that show it: an edge is told from both ends.
    var published: [ViewFact] {
        guard form == .edge else { return [self] }
        return [
            ViewFact(.member, ViewKeys.upstream + member, key), ViewFact(.member, ViewKeys.downstream + key, member),
        ]
    }

    /// Whether it is bookkeeping that no reader of the view sees.
    var isPrivate: Bool { key.hasPrefix("cortex:") && form != .edge }
}
