import Diagnostics
import Domain
import LosslessJSON

/// What a write makes of a document: the values wanted, and the fields that follow from others settled.
struct DocumentChange {
    /// The values that there are to be.
    let wanted: RowValues
    /// The fields whose values change.
    let changed: [String]

    /// Whether a document exists: the store's answer.
    typealias Lookup = (_ table: CatalogTable, _ id: String) async throws -> Bool

    /// Works a change out.
    ///
    /// - Parameters:
    ///   - operation: what the client asks for; not `delete`.
    ///   - key: the document.
    ///   - current: its present body; nil for a creation.
    ///   - lookup: whether a document exists that a reference names.
    /// - Throws: `catalog.invalid`, `catalog.patch`, and what `lookup` throws.
    init(
        _ operation: CatalogWrite.Operation,
        of key: DocumentKey,
        current: [UInt8]?,
        lookup: Lookup
    ) async throws {
        let table = key.kind.table
        var stored: StoredFields?
        if let current { stored = try StoredFields(current, table: table) }
        let before = stored?.values ?? RowValues()
        let asked = try Self.asked(operation, of: stored, table: table)
        var settling = Settling(key: key, isNew: current == nil, before: before, wanted: asked)
        try await settling.settle(lookup)
        let after = settling.wanted
        wanted = after
        changed = DocumentField.all(of: table).map(\.name).filter { before[$0] != after[$0] }
    }

    /// The values that the client asks for.
    private static func asked(
        _ operation: CatalogWrite.Operation,
        of stored: StoredFields?,
        table: CatalogTable
    ) throws(CatalogError) -> RowValues {
        let document: JSONDocument
        switch operation {
        case .create(let body), .replace(let body): document = try DocumentBody.object(body)
        case .mergePatch(let body):
            let patch = try DocumentBody.object(body).root
            if let stored, let values = try DocumentReader.values(of: patch, table: table, over: stored) {
                return values
            }
            document = try DocumentBody.stored(present(stored).merged(with: patch).bytes)
        case .jsonPatch(let body):
            document = try DocumentBody.stored(try JSONPatch(body).applied(to: present(stored)).bytes)
            guard document.root.kind == .object else { throw .invalid("", "the patch leaves no document") }
        case .delete: preconditionFailure("a deletion has no values")
        }
        return try DocumentReader.values(of: document.root, table: table, stored: stored)
    }

    private static func present(_ stored: StoredFields?) -> JSONTree {
        stored.map { JSONTree.text($0.object) } ?? .object([])
    }
}

/// Fields that follow from others, made to.
private struct Settling {
    let key: DocumentKey
    let isNew: Bool
    let before: RowValues
    var wanted: RowValues
    private var faults: [CatalogError.Fault] = []

    init(key: DocumentKey, isNew: Bool, before: RowValues, wanted: RowValues) {
        self.key = key
        self.isNew = isNew
        self.before = before
        self.wanted = wanted
    }

    mutating func settle(_ lookup: DocumentChange.Lookup) async throws {
        for field in DocumentField.all(of: key.kind.table) {
            switch field.origin {
            case .written: break
            case .id: keepID(field)
            case .follows(let other): follow(field, other)
            case .resolves(let raw, let table): try await resolve(field, raw, table, lookup)
            }
        }
        guard faults.isEmpty else { throw CatalogError.invalid(faults) }
    }

    private mutating func fault(_ field: String, _ message: String) {
        faults.append(CatalogError.Fault(pointer: "/\(field)", message: message))
    }

    private mutating func keepID(_ field: DocumentField) {
        let names = key.kind.table.key
        guard let place = names.firstIndex(of: field.name), place < key.parts.count else { return }
        let id = MappedValue.text(key.parts[place])
        if wanted[field.name] != .null, wanted[field.name] != id { fault(field.name, "an id cannot be changed") }
        wanted[field.name] = id
    }

    /// Words and times as written: they are what they were, or follow the field that is exact.
    private mutating func follow(_ field: DocumentField, _ other: String) {
        let isChanged = isNew || wanted[other] != before[other]
        let due = !isChanged ? before[field.name] : field.name.hasSuffix("_at_raw") ? .null : wanted[other]
        let given = wanted[field.name]
        if given != due, given != before[field.name], given != .null {
            fault(field.name, "follows from \(other): write that")
        }
        wanted[field.name] = due
    }

    private mutating func resolve(
        _ field: DocumentField,
        _ raw: String,
        _ table: CatalogTable,
        _ lookup: DocumentChange.Lookup
    ) async throws {
        let (name, target) = (wanted[raw], wanted[field.name])
        let (nameChanged, targetChanged) = (name != before[raw], target != before[field.name])
        guard nameChanged || targetChanged else { return }
        if targetChanged, !nameChanged || name == .null {
            // Only the reference was written: the name follows.
            wanted[raw] = target
            guard let id = target.asText else { return }
            if !(try await exists(id, in: table, lookup)) { fault(field.name, "names nothing that exists") }
        } else if targetChanged, target != .null, target != name {
            fault(field.name, "is another one than \(raw)")
        } else if let id = name.asText {
            wanted[field.name] = try await exists(id, in: table, lookup) ? name : .null
        } else {
            wanted[field.name] = .null
        }
    }

    private func exists(_ id: String, in table: CatalogTable, _ lookup: DocumentChange.Lookup) async throws -> Bool {
        if table == key.kind.table, id == key.id { return true }
        return try await lookup(table, id)
    }
}
