import Domain
import LosslessJSON

/// Makes the text of a new record that is a file of its own.
struct RecordComposer {
    private let extractor: RecordExtractor
    private let place: RecordExtractor.Place
    private let shape: RecordShape

    /// Nil when the mapping does not take such a file for the table, or takes it for more than one record.
    init?(extractor: RecordExtractor, source: RecordExtractor.Source, table: CatalogTable) {
        guard let rule = extractor.mapping.rule(for: source.mappingPath), rule.format != .file,
            let selection = rule.selections.first(where: { $0.tokens.isEmpty }), selection.shape.table == table
        else { return nil }
        self.extractor = extractor
        shape = selection.shape
        place = RecordExtractor.Place(source: source, pointer: "", ordinal: 0, byteStart: 0)
    }

    func compose(_ values: [MappedValue], removing: [String]) -> RecordRevision? {
        let wanted = RowWish.removing(removing, from: values, shape: shape)
        let (start, isExact) = firstText(wanted)
        guard let revision = extractor.revise(start[...], at: place, to: wanted) else { return nil }
        // A document is what its body says, letter by letter, if that is all there is to say.
        if isExact && revision.text == start { return finish(revision, text: start, wanted) }
        guard let document = try? JSONDocument(strict: revision.text) else { return revision }  // revised text is JSON
        return finish(revision, text: document.root.laidOut, wanted)
    }

    private func finish(_ revision: RecordRevision, text: [UInt8], _ wanted: [MappedValue]) -> RecordRevision? {
        guard let laidOut = extractor.revise(text[...], at: place, to: wanted), laidOut.text == text else { return nil }
        return RecordRevision(
            text: text.last == UInt8(ascii: "\n") ? text : text + [UInt8(ascii: "\n")],
            record: laidOut.record,
            unmet: revision.unmet
        )
    }

    /// A text with every column under the first name that is free; the whole record's text where the row keeps it.
    private func firstText(_ wanted: [MappedValue]) -> (text: [UInt8], isWhole: Bool) {
        if case .whole(let target) = shape.rest, case .json(let body) = wanted[target],
            let root = try? JSONDocument(strict: body).root,  // PostgreSQL took it as JSON
            root.kind != .object || !needsFields(wanted, in: root)
        {
            return (body, true)
        }
        var text: [UInt8] = [UInt8(ascii: "{")]
        func add(_ quotedName: some Sequence<UInt8>, _ value: some Sequence<UInt8>) {
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            text += quotedName
            text.append(UInt8(ascii: ":"))
            text += value
        }
        let rest = restMembers(wanted)
        // The rest can hold a column's field as it was spelled: that one says it best.
        let spelled = Set(rest.map(\.key.unescaped))
        var names: Set<[UInt8]> = []
        for column in shape.row.columns where spelled.isDisjoint(with: ownNames(of: column).map { Array($0.utf8) }) {
            let inverse = ColumnInverse(column: column, wanted: wanted)
            guard !inverse.isNothing, let value = inverse.text(inPlaceOf: nil) else { continue }
            let free = ownNames(of: column).first { names.insert(Array($0.utf8)).inserted }
            guard let name = free else { continue }
            var quotedName: [UInt8] = []
            JSONText.append(name, to: &quotedName)
            add(quotedName, value)
        }
        for member in rest { add(member.key.rawText, member.value.rawText) }
        return (text + [UInt8(ascii: "}")], false)
    }

    /// Whether the body alone is no record: it lacks the id that the shape looks for.
    private func needsFields(_ wanted: [MappedValue], in body: JSONValue) -> Bool {
        extractor.revise(body.rawText, at: place, to: wanted)?.unmet.isEmpty != true
    }

    /// The members that a column is read from as a whole, the first choice first.
    private func ownNames(of column: ColumnProgram) -> [String] {
        (column.sources == [.naturalID] ? shape.naturalID : column.sources).compactMap { source in
            guard case .member(_, let pointer) = source, pointer.tokens.count == 1 else { return nil }
            return pointer.tokens[0]
        }
    }

    private func restMembers(_ wanted: [MappedValue]) -> [JSONMembers.Element] {
        let target =
            switch shape.rest {
            case .collect(let target), .whole(let target): target
            }
        guard case .json(let text) = wanted[target],
            let document = try? JSONDocument(strict: text)  // PostgreSQL took it as JSON
        else { return [] }
        return Array(document.root.members)
    }
}
