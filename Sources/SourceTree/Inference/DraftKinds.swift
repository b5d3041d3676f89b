/// Gives every place of every group its kind: unique names, and for backups the kind of what they are copies of.
struct DraftKinds: Sendable {
    /// A kind: what it is called and what identifies its records.
    struct Kind: Sendable {
        let name: String
        let identity: IdentityChoice
        /// Groups and places whose records are of the kind, the first one defines it.
        var members: [(entry: Int, place: Int)]
    }

    private(set) var kinds: [Kind] = []
    /// The kind of each place of each entry, as an index into `kinds`.
    private(set) var assigned: [[Int]]

    private static let reserved: Set<String> = ["unknown", "container"]
    private static let likeness = 0.5
    private static let strongLikeness = 0.8

    init(_ tally: DraftTally) {
        assigned = tally.entries.map { $0.sketches.map { _ in -1 } }
        // Live ones before their copies; of namesakes the one with the most records gets the name.
        let places = tally.entries.indices.flatMap { entry in
            tally.entries[entry].sketches.indices.map { (entry: entry, place: $0) }
        }
        let order = places.sorted { left, right in
            let (one, other) = (tally.entries[left.entry], tally.entries[right.entry])
            if one.group.rank != other.group.rank { return one.group.rank < other.group.rank }
            let records = (one.sketches[left.place].records, other.sketches[right.place].records)
            return records.0 != records.1
                ? records.0 > records.1 : (left.entry, left.place) < (right.entry, right.place)
        }
        for item in order { assign(item.entry, item.place, tally) }
    }

    private mutating func assign(_ entry: Int, _ place: Int, _ tally: DraftTally) {
        let draft = tally.entries[entry]
        if draft.group.rank != .live, let home = original(of: entry, place, tally) {
            kinds[home].members.append((entry, place))
            assigned[entry][place] = home
            return
        }
        let isDocument = draft.group.places[place].form == .whole && !draft.group.isStream
        let base = draft.kinds[place] ?? (isDocument ? "document" : "record")
        let name = unique(base, in: draft.group)
        let identity = IdentityChoice(draft.sketches[place], kind: name)
        assigned[entry][place] = kinds.count
        kinds.append(Kind(name: name, identity: identity, members: [(entry, place)]))
    }

    /// The kind that a backup holds copies of: records that look alike, found by the same id.
    private func original(of entry: Int, _ place: Int, _ tally: DraftTally) -> Int? {
        let draft = tally.entries[entry]
        var best: (kind: Int, score: Double)?
        for (index, kind) in kinds.enumerated() where kind.identity.fits(draft.sketches[place]) {
            guard let first = kind.members.first else { continue }
            let model = tally.entries[first.entry]
            let likeness = model.group.places[first.place].outline.likeness(to: draft.group.places[place].outline)
            let isNamesake = draft.kinds[place] != nil && draft.kinds[place] == model.kinds[first.place]
            guard likeness >= (isNamesake ? Self.likeness : Self.strongLikeness) else { continue }
            let score = likeness + (isNamesake ? 1 : 0)
            if score > best?.score ?? 0 { best = (index, score) }
        }
        return best?.kind
    }

    /// The name, or one that tells more where it is taken: a folder's name before it, or a number behind it.
    private func unique(_ base: String, in group: FileGroup) -> String {
        let taken = Set(kinds.map(\.name)).union(Self.reserved)
        guard taken.contains(base) else { return base }
        var longer = base
        for part in group.folder.reversed() {
            guard case .name(let name) = part, let word = NameWords(name).kind, word != base else { continue }
            longer = word + "_" + longer
            if longer.count <= 64, !taken.contains(longer) { return longer }
        }
        if let word = group.nameWords?.kind, word != base, !taken.contains(word + "_" + base) {
            return word + "_" + base
        }
        if group.rank != .live, !taken.contains(base + "_" + group.rank.rawValue) {
            return base + "_" + group.rank.rawValue
        }
        for number in 2... where !taken.contains("\(base)_\(number)") { return "\(base)_\(number)" }
        return base
    }
}
