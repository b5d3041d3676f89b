import Domain
import LosslessJSON

/// Changes a record's text step by step until mapping it gives the wanted row, or no step is left.
///
/// Each round maps the text again and edits the fields of the columns that are not right yet: columns can share a field,
/// and a field that goes can bring the next candidate forward.
struct RecordReviser {
    private let factory: RecordFactory
    private let selections: [RecordSelection]
    private let place: RecordFactory.Place
    private let selection: RecordSelection

    private static let mostRounds = 8

    /// Nil when the mapping does not take the record.
    init?(extractor: RecordExtractor, place: RecordExtractor.Place, text: ArraySlice<UInt8>) {
        let path = place.source.mappingPath
        guard let rule = extractor.mapping.rule(for: path), let tokens = MappingPointer.split(place.pointer) else {
            return nil
        }
        let selections = rule.selections.filter { $0.matches(tokens) }
        let factory = RecordFactory(limits: extractor.limits, source: place.source, path: path, isRepaired: false)
        guard let value = try? JSONDocument(tolerant: text, limits: extractor.limits.json).root,  // no JSON: no record
            let selection = selections.first(where: { $0.conditions.allSatisfy { $0.holds(for: value) } })
        else { return nil }
        self.factory = factory
        self.selections = selections
        self.selection = selection
        self.place = RecordFactory.Place(
            fileID: place.source.fileID,
            pointer: place.pointer,
            ordinal: place.ordinal,
            span: ByteSpan(start: place.byteStart, end: place.byteStart + text.count)
        )
    }

    private var shape: RecordShape { selection.shape }

    // MARK: Mapping

    /// The text as it is mapped; nil when it is no record of the same shape any more.
    private func read(_ text: [UInt8]) -> MappedRecord? {
        // Our own edits give valid text; what came in was valid.
        guard let document = try? JSONDocument(tolerant: text, limits: factory.limits.json) else { return nil }
        let root = document.root
        guard let taken = selections.first(where: { $0.conditions.allSatisfy { $0.holds(for: root) } }),
            taken === selection
        else { return nil }
        var mapper = RecordMapper(
            shape: shape,
            rank: selection.rank,
            path: factory.path,
            agents: factory.agents,
            pointer: place.pointer,
            ordinal: place.ordinal,
            record: root,
            limit: factory.limits.findingsPerRecord
        )
        let (disposition, rows) = mapper.map()
        guard disposition == .candidate else { return nil }
        return MappedRecord(document: document, mapper: mapper, values: rows[0].values)
    }

    // MARK: Revising

    func revise(_ text: [UInt8], to wanted: [MappedValue], removing: [String]) -> RecordRevision? {
        guard var original = read(text) else { return nil }
        var text = text
        var wanted = wanted
        if !removing.isEmpty {
            text = Self.remove(removing, from: original.document)
            guard let remaining = read(text) else { return nil }
            original = remaining
            wanted = RowWish.removing(removing, from: wanted, shape: shape)
        }
        let wish = RowWish(values: wanted, shape: shape, original: original)
        text = applyRest(of: wish, to: text) ?? text
        var writtenBy: [MappingPointer: Int] = [:]
        var best = text
        for _ in 0..<Self.mostRounds {
            guard let record = read(text) else { break }
            best = text
            let open = shape.row.columns.indices.filter { !wish.isMet(shape.row.columns[$0], by: record.values) }
            guard !open.isEmpty else { break }
            var step = RevisionStep(record: record, wish: wish, shape: shape, writtenBy: writtenBy)
            for column in open { step.edit(column) }
            writtenBy = step.writtenBy
            guard let changed = step.apply(), changed != text else { break }
            text = changed
        }
        return finished(best, wish)
    }

    private func finished(_ text: [UInt8], _ wish: RowWish) -> RecordRevision? {
        guard let final = read(text),
            let record = factory.record(at: place, text: text[...], selections: selections)
        else {
            return nil
        }
        var unmet = shape.row.columns.filter { !wish.isMet($0, by: final.values) }.map(\.name)
        unmet += wish.unmappedColumns(besides: final.values)
        if !wish.isRestMet(by: final.values) { unmet.append(wish.restName) }
        return RecordRevision(text: text, record: record, unmet: unmet)
    }

    /// Changes what no column holds.
    private func applyRest(of wish: RowWish, to text: [UInt8]) -> [UInt8]? {
        guard let record = read(text) else { return nil }
        var plan = JSONPatchPlan()
        wish.changeRest(of: record, plan: &plan)
        return BytePatch.apply(plan.patches(), to: text)
    }

    private static func remove(_ pointers: [String], from document: JSONDocument) -> [UInt8] {
        var plan = JSONPatchPlan()
        for pointer in pointers { plan.remove(at: pointer, of: document.root) }
        return BytePatch.apply(plan.patches(), to: document.bytes) ?? Array(document.bytes)
    }

    /// The text without the fields that give its id; nil when it is a record of its kind all the same.
    func withoutID(_ text: [UInt8]) -> [UInt8]? {
        guard let record = read(text) else { return nil }
        var plan = JSONPatchPlan()
        for source in shape.naturalID {
            guard case .member(_, let pointer) = source else { continue }
            plan.remove(at: pointer.text, of: record.document.root)
        }
        guard !plan.isEmpty, let changed = BytePatch.apply(plan.patches(), to: text) else { return nil }
        let again = factory.record(at: place, text: changed[...], selections: selections)
        return again.map { $0.disposition != .candidate } ?? true ? changed : nil
    }
}

/// A record's text with what mapping makes of it.
struct MappedRecord {
    let document: JSONDocument
    let mapper: RecordMapper
    let values: [MappedValue]
}

extension JSONPatchPlan {
    /// Removes the value that a pointer names, if there is one.
    mutating func remove(at pointer: String, of root: JSONValue) {
        guard let tokens = MappingPointer.split(pointer), let name = tokens.last,
            let parent = MappingPointer.follow(tokens.dropLast(), from: root)
        else { return }
        if parent.kind == .array {
            guard let number = Int(name), number >= 0, number < parent.count else { return }
            remove(child: number, of: parent)
        } else {
            removeMembers(named: Array(name.utf8), of: parent)
        }
    }
}
