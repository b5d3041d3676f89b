public import Domain
import LosslessJSON

/// A record's text changed so that it becomes another row.
public struct RecordRevision: Sendable {
    /// The whole text of the record.
    public let text: [UInt8]
    /// The record as it is extracted from that text.
    public let record: ExtractedRecord
    /// Columns that the text cannot say in this place, whose values stay as they were; empty when all is said.
    public let unmet: [String]
}

extension RecordExtractor {
    /// Where a stored record stands.
    public struct Place: Sendable {
        /// The file.
        public var source: Source
        /// The JSON pointer inside the top-level value.
        public var pointer: String
        /// The number of the top-level value.
        public var ordinal: Int
        /// The first byte in the file.
        public var byteStart: Int

        /// A place.
        public init(source: Source, pointer: String, ordinal: Int, byteStart: Int) {
            self.source = source
            self.pointer = pointer
            self.ordinal = ordinal
            self.byteStart = byteStart
        }
    }

    /// The inverse of mapping: the text of a record, changed as little as can be, that becomes the wanted row.
    ///
    /// `wanted` are the values of the record's own row in the order of the table's `mappedColumns`. A field keeps its name
    /// and, where its meaning did not change, its spelling. `removing` are pointers, relative to the record, of values that
    /// go besides. Nil when the mapping does not make a row of the text in this place.
    ///
    /// Where two columns say the same thing, what is exact counts: a normalised word over the word as written beside it, an
    /// instant over its text, a column over the copy of its field in the rest.
    public func revise(
        _ text: ArraySlice<UInt8>,
        at place: Place,
        to wanted: [MappedValue],
        removing: [String] = []
    ) -> RecordRevision? {
        guard let reviser = RecordReviser(extractor: self, place: place, text: text) else { return nil }
        return reviser.revise(Array(text), to: wanted, removing: removing)
    }

    /// The text of a new record that is a whole file of its own and becomes the wanted row.
    ///
    /// Nil when the mapping takes no such file for this table. The text is laid out in one fixed way: names sorted by
    /// their bytes, two blanks a level; a document is its body's text. `removing` is as for `revise`.
    public func compose(
        _ wanted: [MappedValue],
        of table: CatalogTable,
        as source: Source,
        removing: [String] = []
    ) -> RecordRevision? {
        RecordComposer(extractor: self, source: source, table: table)?.compose(wanted, removing: removing)
    }

    /// Removes what makes a record one of its kind, its id, and leaves everything else; nil where that does not do.
    ///
    /// For records that hold other records, which are to stay.
    public func withoutID(_ text: ArraySlice<UInt8>, at place: Place) -> [UInt8]? {
        RecordReviser(extractor: self, place: place, text: text)?.withoutID(Array(text))
    }

    /// The tables whose own rows records of a kind become.
    public func tables(ofKind kind: String) -> Set<String> {
        Set(mapping.rules.flatMap(\.selections).filter { $0.shape.kind == kind }.map(\.shape.table.name))
    }

    /// The kinds of records whose own rows, or rows that they imply, are of a table.
    public func kinds(of table: CatalogTable, implied: Bool = false) -> [String] {
        let shapes = mapping.rules.flatMap(\.selections).map(\.shape)
        let kinds = shapes.filter {
            implied ? $0.implied.contains { $0.row.table == table } : $0.table == table
        }.map(\.kind)
        return Set(kinds).sorted()
    }

    /// Whether the place of a record in its file is part of its id, so that its neighbours must keep theirs.
    public func countsPlaces(at place: Place, kind: String) -> Bool {
        guard let rule = mapping.rule(for: place.source.mappingPath) else { return false }
        return rule.selections.contains { $0.shape.kind == kind && $0.shape.countsPlaces }
    }

    /// The element of a list in the record that implies the row of this role, as a pointer relative to the record.
    public func elementPointer(role: String, at place: Place, kind: String) -> String? {
        guard let rule = mapping.rule(for: place.source.mappingPath) else { return nil }
        for selection in rule.selections where selection.shape.kind == kind {
            for implied in selection.shape.implied {
                guard let each = implied.each, role.hasPrefix(implied.role + "/"),
                    let index = Int(role.dropFirst(implied.role.utf8.count + 1))
                else { continue }
                return each.text + "/\(index)"
            }
        }
        return nil
    }
}

extension RecordShape {
    /// Whether an id is made of the record's number or of its place in a list.
    var countsPlaces: Bool {
        func counts(_ source: ValueSource) -> Bool {
            switch source {
            case .ordinal: true
            case .join(let parts): parts.contains(where: counts)
            default: false
            }
        }
        return withoutID == .derive || naturalID.contains(where: counts)
    }
}
