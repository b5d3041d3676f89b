/// A place in a published key as found in Redis, and which row would have to say it.
struct ViewPlace: Sendable, Hashable {
    /// `h`, `s`, `z`, `d`, `v` or `e` as of `ViewFact.Form`; nil for a key that no family has, or that is of another type.
    let form: ViewFact.Form?
    /// The key as found.
    let found: [UInt8]
    /// The key of the fact; of an edge the asset upstream.
    let key: [UInt8]
    /// The member or field; of an edge the asset downstream.
    let member: [UInt8]
    /// The kind of the row that would have to say it; nil for values in use, which any asset may say, and for strays.
    let kind: ViewKind?
    /// The id of that row; of a value in use the set of assets that would have to be there; empty for edges.
    let id: [UInt8]

    /// The fact; nil for what cannot be one.
    var fact: ViewFact? {
        guard let form, let key = Self.text(key), let member = Self.text(member), let id = Self.text(id) else {
            return nil
        }
        return ViewFact(form, key, member, value: form == .inUse ? id : "")
    }

    private static func text(_ bytes: [UInt8]) -> String? {
        bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
    }
}

/// How the members of a published key are to be read.
struct ViewFamily: Sendable {
    /// The type that Redis must say: `hash`, `set`, `zset` or `string`.
    let type: String
    /// The place of a member; of a string that of the empty member.
    let place: @Sendable (_ member: [UInt8]) -> ViewPlace

    /// The family of a published key; nil for a name that no family has.
    init?(_ key: [UInt8]) {
        func rest(_ prefix: String) -> [UInt8]? {
            key.starts(with: prefix.utf8) ? Array(key.dropFirst(prefix.utf8.count)) : nil
        }
        func rows(_ form: ViewFact.Form, _ kind: ViewKind) -> @Sendable ([UInt8]) -> ViewPlace {
            { ViewPlace(form: form, found: key, key: key, member: $0, kind: kind, id: $0) }
        }
        if key.elementsEqual(ViewKeys.assets.utf8) || key.elementsEqual(ViewKeys.checksums.utf8) {
            (type, place) = ("hash", rows(.field, .assets))
        } else if key.elementsEqual(ViewKeys.byModified.utf8) {
            (type, place) = ("zset", rows(.score, .assets))
        } else if let index = ViewIndex.allCases.first(where: { key.elementsEqual($0.values.utf8) }) {
            let prefix = Array(index.prefix.utf8)
            type = "set"
            place = { ViewPlace(form: .inUse, found: key, key: key, member: $0, kind: nil, id: prefix + $0) }
        } else if ViewIndex.allCases.contains(where: { rest($0.prefix) != nil }) {
            (type, place) = ("set", rows(.member, .assets))
        } else if let asset = rest(ViewKeys.upstream) {
            type = "set"
            place = { ViewPlace(form: .edge, found: key, key: $0, member: asset, kind: .lineage, id: []) }
        } else if let asset = rest(ViewKeys.downstream) {
            type = "set"
            place = { ViewPlace(form: .edge, found: key, key: asset, member: $0, kind: .lineage, id: []) }
        } else if let id = rest(ViewKeys.task) {
            type = "string"
            place = { _ in ViewPlace(form: .document, found: key, key: key, member: [], kind: .tasks, id: id) }
        } else if let id = rest(ViewKeys.agent) {
            type = "string"
            place = { _ in ViewPlace(form: .document, found: key, key: key, member: [], kind: .agents, id: id) }
        } else if key.elementsEqual(ViewKeys.allTasks.utf8) || rest("tasks:status:") != nil
            || rest("tasks:agent:") != nil
        {
            (type, place) = ("set", rows(.member, .tasks))
        } else if key.elementsEqual(ViewKeys.allAgents.utf8) || rest("agents:type:") != nil {
            (type, place) = ("set", rows(.member, .agents))
        } else {
            return nil
        }
    }

    /// A key that no family has, or that is of another type than its family's.
    static func stray(_ key: [UInt8]) -> ViewPlace {
        ViewPlace(form: nil, found: key, key: key, member: [], kind: nil, id: [])
    }
}
