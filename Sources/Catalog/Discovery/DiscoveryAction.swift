import Domain
import LosslessJSON
import SourceTree

/// One change that brings the catalog up to date with the tree.
struct DiscoveryAction: Sendable, Equatable {
    /// What happens.
    let kind: DiscoveryReport.Action
    /// The asset.
    let id: String
    /// The path of its file.
    let path: String
    /// The write.
    let operation: CatalogWrite.Operation
    /// The version that the asset must have; nil for a creation.
    let expected: VersionToken?

    /// The write with its author.
    func write(by author: WriteAuthor) -> CatalogWrite {
        CatalogWrite(
            DocumentKey(.assets, id),
            operation,
            precondition: expected.map { .anyOf([$0]) } ?? .none,
            author: author
        )
    }

    // MARK: Making

    /// A new asset with what the rules say and what was found.
    static func creation(of file: ScannedFile, id: String, _ description: AssetDescription) -> DiscoveryAction {
        let sensitivity = file.note.looksSecret ? max(description.sensitivity, secretLooking) : description.sensitivity
        var body = ObjectText()
        body.add("asset_id", id)
        body.add("asset_name", description.name)
        body.add("asset_type", description.type)
        body.add("category", description.category)
        body.add("subcategory", description.subcategory)
        body.add("namespace", description.namespace)
        body.add("path", file.note.path)
        body.add("description", description.description)
        body.add("owner", description.owner)
        body.add("sensitivity", sensitivity.rawValue)
        if !description.tags.isEmpty { body.add("tags", description.tags) }
        body.add("checksum", file.note.sha256)
        body.add("last_modified_at", file.note.modifiedText)
        body.add(file.note)
        return DiscoveryAction(
            kind: .created,
            id: id,
            path: file.note.path,
            operation: .create(body.bytes),
            expected: nil
        )
    }

    /// What has to be changed of an asset of discovery; nil where it says already what was found.
    ///
    /// Only what discovery owns: path, checksum, time of the last change and its note. The sensitivity rises when the
    /// content begins to look secret, and only then: what somebody decides afterwards stays.
    static func update(of asset: CatalogedAsset, to file: ScannedFile, isMoved: Bool) -> DiscoveryAction? {
        guard let earlier = asset.note else { return nil }
        let note = file.note.completed(from: earlier)
        var patch = ObjectText()
        if asset.path.map(ExactText.init) != ExactText(note.path) { patch.add("path", note.path) }
        if asset.checksum != note.sha256 { patch.addOrRemove("checksum", note.sha256) }
        if asset.modifiedMicroseconds != note.modifiedText.flatMap(DiscoveryNote.microseconds) {
            patch.addOrRemove("last_modified_at", note.modifiedText)
        }
        if note.looksSecret, !earlier.looksSecret, asset.sensitivity < secretLooking {
            patch.add("sensitivity", secretLooking.rawValue)
        }
        // By its bytes: two spellings of one text are equal strings.
        if note.text != earlier.text { patch.add(note) }
        guard !patch.isEmpty else { return nil }
        return DiscoveryAction(
            kind: isMoved ? .moved : .updated,
            id: asset.id,
            path: note.path,
            operation: .mergePatch(patch.bytes),
            expected: asset.token
        )
    }

    /// The removal of an asset of discovery.
    static func removal(of asset: CatalogedAsset) -> DiscoveryAction {
        DiscoveryAction(
            kind: .removed,
            id: asset.id,
            path: asset.note?.path ?? "",
            operation: .delete,
            expected: asset.token
        )
    }

    /// What holds something that looks secret is at least this.
    private static let secretLooking = Sensitivity.restricted
}

/// The text of a JSON object, member by member.
private struct ObjectText {
    private var text: [UInt8] = []

    var isEmpty: Bool { text.isEmpty }

    var bytes: [UInt8] { [UInt8(ascii: "{")] + text + [UInt8(ascii: "}")] }

    mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        begin(name)
        JSONText.append(value, to: &text)
    }

    mutating func addOrRemove(_ name: String, _ value: String?) {
        guard value == nil else { return add(name, value) }
        begin(name)
        text += Array("null".utf8)
    }

    mutating func add(_ name: String, _ values: [String]) {
        begin(name)
        text.append(UInt8(ascii: "["))
        for (number, value) in values.enumerated() {
            if number > 0 { text.append(UInt8(ascii: ",")) }
            JSONText.append(value, to: &text)
        }
        text.append(UInt8(ascii: "]"))
    }

    mutating func add(_ note: DiscoveryNote) {
        begin("metadata")
        text += Array(#"{"\#(DiscoveryNote.memberName)":"#.utf8)
        text += note.text
        text.append(UInt8(ascii: "}"))
    }

    private mutating func begin(_ name: String) {
        if !text.isEmpty { text.append(UInt8(ascii: ",")) }
        JSONText.append(name, to: &text)
        text.append(UInt8(ascii: ":"))
    }
}
