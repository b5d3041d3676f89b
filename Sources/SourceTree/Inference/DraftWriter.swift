import LosslessJSON

/// Writes a draft as a mapping file with comments.
struct DraftWriter: Sendable {
    private let tally: DraftTally
    private let kinds: DraftKinds
    private let names: [String]

    private static let mostListed = 100

    init(tally: DraftTally) {
        self.tally = tally
        kinds = DraftKinds(tally)
        names = Self.ruleNames(tally, kinds)
    }

    func draft() -> MappingDraft {
        MappingDraft(yaml: yaml, rules: rules, unmapped: tally.unmapped, problems: tally.problems)
    }

    // MARK: Rules as data

    private var rules: [MappingDraft.Rule] {
        tally.entries.indices.flatMap { entry in
            tally.entries[entry].group.places.indices.map { rule(entry, $0) }
        }
    }

    private func rule(_ entry: Int, _ place: Int) -> MappingDraft.Rule {
        let draft = tally.entries[entry]
        let kind = kind(entry, place)
        return MappingDraft.Rule(
            name: names[entry],
            globs: draft.group.globs,
            kind: kind.name,
            pointer: draft.group.places[place].pointer,
            id: kind.identity.sources.first.map(Self.shown) ?? "",
            rank: draft.group.rank.rawValue,
            format: draft.group.isStream ? "stream" : "json",
            files: draft.files,
            records: draft.sketches[place].records,
            why: why(entry, place) + "; found by " + kind.identity.reason
        )
    }

    private func kind(_ entry: Int, _ place: Int) -> DraftKinds.Kind { kinds.kinds[kinds.assigned[entry][place]] }

    private static func ruleNames(_ tally: DraftTally, _ kinds: DraftKinds) -> [String] {
        var taken: Set<String> = []
        return tally.entries.indices.map { entry in
            var base = kinds.kinds[kinds.assigned[entry][0]].name
            let rank = tally.entries[entry].group.rank
            if rank != .live, !base.hasSuffix(rank.rawValue) { base += "-" + rank.rawValue }
            var name = base
            var number = 2
            while !taken.insert(name).inserted {
                name = "\(base)-\(number)"
                number += 1
            }
            return name
        }
    }

    // MARK: Text

    private var yaml: String {
        let records = tally.entries.reduce(0) { $0 + $1.sketches.reduce(0) { $0 + $1.records } }
        let files = tally.entries.reduce(0) { $0 + $1.files }
        var text = "# A mapping that `cortex mapping infer` drafted; the language is described in docs/mapping.md.\n"
        text +=
            "# \(Self.count(records, "record")) of \(Self.count(kinds.kinds.count, "kind")) in \(Self.count(files, "file"));"
        text += " every kind becomes rows of `documents`.\n"
        guard !tally.entries.isEmpty else { return text + leftovers }
        text += "version: 1\nname: inferred\n\nshapes:\n"
        text += kinds.kinds.map(shape).joined()
        text += "\nrules:\n"
        text += tally.entries.indices.map(ruleText).joined()
        return text + leftovers
    }

    private func shape(_ kind: DraftKinds.Kind) -> String {
        let sketches = kind.members.map { tally.entries[$0.entry].sketches[$0.place] }
        guard let first = sketches.first else { return "" }
        let name = YAMLText.name(kind.name)
        var text = YAMLText.comment("Found by \(kind.identity.reason).", indent: 2)
        text += "  \(name):\n    table: documents\n"
        let words = Set(sketches.flatMap(\.kinds)).union(["object"]).sorted()
        if words.count > 1 { text += "    record: [\(words.map(YAMLText.name).joined(separator: ", "))]\n" }
        text += "    id: [\(kind.identity.sources.map(Self.source).joined(separator: ", "))]\n"
        let updated = first.updated.filter { $0.isUsual(among: first.records) }.map { pointer($0.name) }
        let created = first.created.filter { $0.isUsual(among: first.records) }.map { pointer($0.name) }
        let title = first.titles.filter { $0.isUsual(among: first.records) }.map { pointer($0.name) }
        if !(updated + created).isEmpty { text += "    newest: \(Self.list(updated + created))\n" }
        text += "    whole: body\n    columns:\n      kind: {constant: \(name)}\n      id: $id\n"
        if !title.isEmpty { text += "      title: \(Self.list(title))\n" }
        if let time = created.first { text += "      created_at: \(time)\n" }
        if let time = updated.first { text += "      updated_at: \(time)\n" }
        return text
    }

    private func ruleText(_ entry: Int) -> String {
        let draft = tally.entries[entry]
        let group = draft.group
        var text = ""
        for place in group.places.indices { text += YAMLText.comment(why(entry, place) + ".", indent: 2) }
        for note in notes(entry) { text += YAMLText.comment(note, indent: 2) }
        text += "  - name: \(YAMLText.name(names[entry]))\n"
        if group.globs.count == 1 {
            text += "    files: [\(YAMLText.quoted(group.globs[0]))]\n"
        } else {
            text += "    files:\n" + group.globs.map { "      - \(YAMLText.quoted($0))\n" }.joined()
        }
        if group.isStream { text += "    format: stream\n" }
        if group.rank != .live { text += "    rank: \(group.rank.rawValue)\n" }
        text += "    records:\n"
        for (index, place) in group.places.enumerated() {
            let condition = place.form == .keyed ? ", when: {is: object}" : ""
            let pointer = place.pointer == "/" ? "/" : YAMLText.quoted(place.pointer)
            text += "      - {at: \(pointer), shape: \(YAMLText.name(kind(entry, index).name))\(condition)}\n"
        }
        return text
    }

    /// What the rule takes and what made it so.
    private func why(_ entry: Int, _ place: Int) -> String {
        let draft = tally.entries[entry]
        let group = draft.group
        let records = draft.sketches[place].records
        let form =
            switch group.places[place].form {
            case .whole: group.isStream ? "a stream of values" : "one value a file"
            case .list: "the elements of a list"
            case .keyed: "the members of an object"
            }
        let pointer = group.places[place].pointer
        let at = pointer == "/" ? "" : " at \(pointer)"
        var text = "\(Self.count(records, "record"))\(at) in \(Self.count(draft.files, "file")): \(form)"
        if let example = group.examples.first { text += ", such as \(TreePath.text(example))" }
        if draft.sketches[place].tooLarge > 0 {
            text +=
                "; \(draft.sketches[place].tooLarge) larger than 8 MiB, which are quarantined without a larger --max-record"
        }
        return text
    }

    /// What a person should know about the files of a rule.
    private func notes(_ entry: Int) -> [String] {
        let draft = tally.entries[entry]
        var notes: [String] = []
        if draft.group.rank != .live {
            let isCopy = draft.sketches.indices.contains { kind(entry, $0).members.count > 1 }
            notes.append(
                "The path says \(draft.group.rank.rawValue): "
                    + (isCopy
                        ? "where a live record has the same id, that one wins."
                        : "no live records look like these, so that they have a kind of their own.")
            )
        }
        if let example = draft.brokenExample {
            notes.append(
                "\(Self.count(draft.broken, "file")) no valid JSON, one quarantined record each, such as \(TreePath.text(example))."
            )
        }
        if draft.brokenStretches > 0 {
            notes.append("\(Self.count(draft.brokenStretches, "stretch")) of the streams no valid JSON: quarantined.")
        }
        if draft.empty > 0 { notes.append("\(Self.count(draft.empty, "file")) without any value.") }
        let leftovers = RecordPlaceFinder.leftovers(of: draft.group.root, places: draft.group.places)
        if !leftovers.isEmpty {
            let shown = leftovers.prefix(12).joined(separator: ", ") + (leftovers.count > 12 ? ", …" : "")
            notes.append("Beside the records, kept in the stored file only: \(shown).")
        }
        return notes
    }

    /// What no rule takes.
    private var leftovers: String {
        var text = ""
        if !tally.unmapped.isEmpty {
            text +=
                "\n# Named as JSON and taken by no rule; a migration keeps the bytes, and the broken ones as quarantined records:\n"
            for file in tally.unmapped.prefix(Self.mostListed) {
                text += YAMLText.comment("  \(TreePath.text(file.path)): \(file.reason)", indent: 0, hanging: "    ")
            }
            let more = tally.unmapped.count - Self.mostListed
            if more > 0 { text += "#   and \(more) more\n" }
        }
        if tally.otherFiles > 0 {
            text += "\n# \(Self.count(tally.otherFiles, "file")) no JSON: kept byte for byte, without records.\n"
        }
        return text
    }

    // MARK: Parts

    private func pointer(_ name: String) -> String { YAMLText.quoted("/" + JSONPointer.escaped(name)) }

    private static func list(_ pointers: [String]) -> String {
        pointers.count == 1 ? pointers[0] : "[\(pointers.joined(separator: ", "))]"
    }

    private static func source(_ source: IdentityChoice.MappingText) -> String {
        func part(_ text: String) -> String { text.hasPrefix("$") ? text : YAMLText.quoted(text) }
        return switch source {
        case .plain(let text): part(text)
        case .join(let parts): "{join: [\(parts.map(part).joined(separator: ", "))]}"
        }
    }

    private static func shown(_ source: IdentityChoice.MappingText) -> String {
        switch source {
        case .plain(let text): text
        case .join(let parts): parts.joined()
        }
    }

    /// A number and what it counts.
    static func count(_ number: Int, _ noun: String) -> String {
        guard number != 1 else { return "1 \(noun)" }
        return "\(number) \(noun.hasSuffix("ch") ? noun + "es" : noun + "s")"
    }
}
