import Domain
import LosslessJSON

/// Reads the fields of a document that a client wrote, and says what is wrong with each.
struct DocumentReader {
    private let fields: [String: DocumentField]
    /// What is stored: a field that says the same is taken as it is there, whatever it is.
    private let stored: StoredFields?
    private(set) var values = RowValues()
    private(set) var faults: [CatalogError.Fault] = []

    /// The values of an object's fields; throws `catalog.invalid` with every fault.
    static func values(
        of object: JSONValue,
        table: CatalogTable,
        stored: StoredFields?
    ) throws(CatalogError) -> RowValues {
        var reader = DocumentReader(table, stored: stored)
        reader.read(object)
        guard reader.faults.isEmpty else { throw .invalid(reader.faults) }
        return reader.values
    }

    /// The values that a merge patch leaves of a stored document, without the merged document; throws as above.
    ///
    /// Nil for a patch that has to be merged: one with lists or objects, with a field twice, or of a field that keeps its
    /// text.
    static func values(
        of patch: JSONValue,
        table: CatalogTable,
        over stored: StoredFields
    ) throws(CatalogError) -> RowValues? {
        var reader = DocumentReader(table, stored: stored)
        reader.values = stored.values
        var seen: Set<String> = []
        for member in patch.members {
            guard let name = member.key.string, seen.insert(name).inserted else { return nil }
            let field = reader.fields[name]
            guard member.value.kind != .object, member.value.kind != .array, field?.type != .json else { return nil }
            if member.value.isNull { reader.values[name] = .null } else { reader.read(name, member.value) }
        }
        guard reader.faults.isEmpty else { throw .invalid(reader.faults) }
        return reader.values
    }

    /// The values of a stored document; what no client could have written stays as its text.
    static func storedValues(of object: JSONValue, table: CatalogTable) -> RowValues {
        var reader = DocumentReader(table, stored: nil)
        for member in object.members {
            guard let name = member.key.string, let field = reader.fields[name], !member.value.isNull else { continue }
            reader.values[name] = reader.read(member.value, as: field, at: "") ?? .json(Array(member.value.rawText))
        }
        return reader.values
    }

    private init(_ table: CatalogTable, stored: StoredFields?) {
        fields = DocumentField.byName(of: table)
        self.stored = stored
    }

    private mutating func read(_ object: JSONValue) {
        var seen: Set<String> = []
        for member in object.members {
            let name = member.key.string ?? String(decoding: member.key.unescaped, as: UTF8.self)
            if seen.insert(name).inserted {
                read(name, member.value)
            } else {
                fault("/\(JSONPointer.escaped(name))", "the field is there twice")
            }
        }
    }

    private mutating func read(_ name: String, _ value: JSONValue) {
        if name == "version" {
            if value.integer == nil { fault("/version", "a version is a whole number") }
            return
        }
        guard let field = fields[name] else { return fault("/\(JSONPointer.escaped(name))", "there is no such field") }
        if value.isNull { return }
        if let stored, let same = stored.object[name], same.rawText == value.rawText {
            values[name] = stored.values[name]
        } else if let value = read(value, as: field, at: "/\(field.name)") {
            values[name] = value
        }
    }

    private mutating func read(_ value: JSONValue, as field: DocumentField, at pointer: String) -> MappedValue? {
        switch field.type {
        case .text, .uuid:
            guard let text = text(value, at: pointer) else { return nil }
            if let words = field.words, !words.contains(text) {
                return fault(pointer, "must be one of \(words.joined(separator: ", "))")
            }
            return .text(text)
        case .integer:
            guard let number = value.integer else { return fault(pointer, "must be a whole number of 64 bits") }
            return .integer(number)
        case .numeric:
            guard let number = value.numberText, let plain = PlainDecimal(number) else {
                return fault(pointer, "must be a number with an exponent of at most 1,000")
            }
            return .numeric(plain.text)
        case .boolean:
            guard let flag = value.boolean else { return fault(pointer, "must be true or false") }
            return .boolean(flag)
        case .instant:
            guard let text = text(value, at: pointer) else { return nil }
            guard case .exact(let microseconds) = SourceInstant(text) else {
                return fault(pointer, "must be a time with zone and at most microseconds, such as 2026-01-31T12:00:00Z")
            }
            return .instant(microseconds: microseconds)
        case .json:
            guard !value.containsNUL else { return fault(pointer, "must not hold U+0000") }
            return .json(Array(value.rawText))
        case .textArray:
            guard value.kind == .array else { return fault(pointer, "must be a list of texts") }
            var texts: [String] = []
            for (number, element) in value.elements.enumerated() {
                guard let text = text(element, at: "\(pointer)/\(number)") else { return nil }
                texts.append(text)
            }
            return .textArray(texts)
        }
    }

    private mutating func text(_ value: JSONValue, at pointer: String) -> String? {
        guard value.kind == .string else { return fault(pointer, "must be a text") }
        guard !value.hasNUL, let text = value.string else {
            return fault(pointer, "must be Unicode text without U+0000")
        }
        return text
    }

    @discardableResult
    private mutating func fault<R>(_ pointer: String, _ message: String) -> R? {
        faults.append(CatalogError.Fault(pointer: pointer, message: message))
        return nil
    }

    private mutating func fault(_ pointer: String, _ message: String) {
        faults.append(CatalogError.Fault(pointer: pointer, message: message))
    }
}

/// A stored document: its text and the values that it has.
struct StoredFields {
    /// The document.
    let object: JSONValue
    /// Its values.
    let values: RowValues

    /// Reads a document of ours.
    init(_ body: [UInt8], table: CatalogTable) throws(CatalogError) {
        object = try DocumentBody.stored(body).root
        values = DocumentReader.storedValues(of: object, table: table)
    }
}

extension JSONValue {
    /// Whether a text or name in it, however deep, holds U+0000.
    fileprivate var containsNUL: Bool {
        var open = [self]
        while let value = open.popLast() {
            if value.hasNUL { return true }
            for member in value.members {
                if member.key.unescaped.contains(0) { return true }
                open.append(member.value)
            }
            open += value.elements
        }
        return false
    }
}
