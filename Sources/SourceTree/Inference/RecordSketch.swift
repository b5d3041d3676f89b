import Domain
import LosslessJSON

/// What all records of one place of a group say about how they are to be mapped: which members identify them, which are
/// titles and times.
struct RecordSketch: Sendable {
    /// What may be the id of a record.
    enum Candidate: Sendable, Hashable {
        /// A member of the record.
        case member(String)
        /// The name under which the record stands.
        case key
        /// The file's name.
        case stem
        /// The file's path without extension.
        case path
    }

    /// Within what the values of a candidate are told apart.
    enum Scope: Sendable, CaseIterable {
        case tree
        case folder
        case file
    }

    /// How often a candidate gave an id, and whether one came twice.
    struct Identity: Sendable {
        let candidate: Candidate
        fileprivate(set) var present = 0
        /// The length of the longest id; bytes.
        fileprivate(set) var longest = 0
        fileprivate(set) var example: String?
        fileprivate(set) var scopes: [Scope: UniquenessSketch]
    }

    /// How often a member of this name was of use.
    struct Usage: Sendable {
        let name: String
        fileprivate(set) var useful = 0
        fileprivate(set) var useless = 0

        /// Whether it was of use at least half of the time that it was there, and now and then at all.
        func isUsual(among records: Int) -> Bool { useful * 2 >= records && useful >= useless * 9 }
    }

    /// How many records there are.
    private(set) var records = 0
    /// The length of the longest path of a file; bytes.
    private(set) var longestPath = 0
    /// Records that are larger than the limit.
    private(set) var tooLarge = 0
    /// The kinds of values they are.
    private(set) var kinds: Set<String> = []
    private(set) var identities: [Identity]
    private(set) var titles: [Usage]
    private(set) var created: [Usage]
    private(set) var updated: [Usage]

    /// A sketch of records that look like this; `isStream` says that a file holds any number of them, `isOpen` that the
    /// folders of the group are open.
    init(place: RecordPlace, kind: String?, isStream: Bool, isOpen: Bool) {
        var candidates: [Candidate] = IDNames.candidates(in: place.outline, kind: kind).map { .member($0) }
        switch place.form {
        case .keyed: candidates.insert(.key, at: 0)
        case .whole: if !isStream { candidates.append(.stem) }
        case .list: break
        }
        identities = (candidates + [.path]).map { candidate in
            var scopes: [Scope: UniquenessSketch] = [.tree: UniquenessSketch()]
            if candidate != .path {
                scopes[.file] = UniquenessSketch()
                if isOpen { scopes[.folder] = UniquenessSketch() }
            }
            return Identity(candidate: candidate, scopes: scopes)
        }
        titles = Self.usages(of: ["title", "name", "subject", "summary", "label", "displayname"], in: place.outline)
        created = Self.usages(
            of: [
                "createdat", "created", "creationdate", "createdon", "timestamp", "time", "date", "ts", "at",
                "datetime",
            ],
            in: place.outline
        )
        updated = Self.usages(
            of: [
                "updatedat", "updated", "modifiedat", "modified", "lastupdated", "lastmodified", "changedat", "changed",
            ],
            in: place.outline
        )
    }

    /// Members of the first of these names, one for each name.
    private static func usages(of names: [String], in outline: ValueOutline) -> [Usage] {
        let members = outline.members.keys.sorted().map(\.text)
        return names.flatMap { name in members.filter { IDNames.folded($0) == name && !$0.isEmpty } }.map {
            Usage(name: $0)
        }
    }

    /// How many hashes are kept.
    var size: Int { identities.reduce(0) { $0 + $1.scopes.values.reduce(0) { $0 + $1.size } } }

    /// Keeps about half of the hashes.
    mutating func halve() {
        for index in identities.indices {
            for scope in Scope.allCases { identities[index].scopes[scope]?.halve() }
        }
    }

    // MARK: Adding

    /// Must be called before the records of each file.
    mutating func startFile(_ path: MappingPath) {
        longestPath = max(longestPath, TreePath.text(path.bytes).utf8.count)
        for index in identities.indices {
            identities[index].scopes[.file]?.startScope()
            guard identities[index].candidate == .path else { continue }
            add(readableText(path.documentID), to: index, folder: 0)
        }
    }

    /// Adds a record; `text` is nil when it is larger than the limit.
    mutating func add(_ text: ArraySlice<UInt8>?, kind: JSONKind, key: String?, place: FilePlace, folder: UInt64) {
        records += 1
        kinds.insert(kind.word)
        let record = text.flatMap { FileOutline.document($0)?.root }
        if record == nil { tooLarge += 1 }
        for index in identities.indices {
            switch identities[index].candidate {
            case .member(let name):
                if let id = record?[name].flatMap(Self.identifier) { add(id, to: index, folder: folder) }
            case .key: if let key, !key.isEmpty { add(key, to: index, folder: folder) }
            case .stem: add(readableText(place.path.stem), to: index, folder: folder)
            case .path: break
            }
        }
        guard let record, record.kind == .object else { return }
        for index in titles.indices { titles[index].note(record) { $0.string.map { !$0.isEmpty } ?? false } }
        for index in created.indices { created[index].note(record, isUseful: Self.isInstant) }
        for index in updated.indices { updated[index].note(record, isUseful: Self.isInstant) }
    }

    private mutating func add(_ id: String, to index: Int, folder: UInt64) {
        identities[index].present += 1
        identities[index].longest = max(identities[index].longest, id.utf8.count)
        if identities[index].example == nil { identities[index].example = id }
        identities[index].scopes[.tree]?.add(id)
        identities[index].scopes[.folder]?.add(id, scope: folder)
        identities[index].scopes[.file]?.add(id)
    }

    /// The text by which the mapping would find the record: that of `RecordMapper`.
    private static func identifier(_ value: JSONValue) -> String? {
        switch value.kind {
        case .string:
            guard let text = value.string, !text.isEmpty, !text.holdsNUL,
                text.utf8.count <= RecordMapper.longestID
            else { return nil }
            return text
        case .number: return value.integer == nil ? nil : value.numberText
        case .object, .array, .true, .false, .null: return nil
        }
    }

    private static func isInstant(_ value: JSONValue) -> Bool {
        guard let text = value.string else { return false }
        switch SourceInstant(text) {
        case .exact, .inexact: return true
        case .zoneless, .notATime: return false
        }
    }
}

extension RecordSketch.Usage {
    fileprivate mutating func note(_ record: JSONValue, isUseful: (JSONValue) -> Bool) {
        guard let value = record[name], !value.isNull else { return }
        if isUseful(value) { useful += 1 } else { useless += 1 }
    }
}
