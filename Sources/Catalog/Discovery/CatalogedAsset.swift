import Domain
import LosslessJSON

/// An asset as the catalog has it: what discovery has to know of it.
struct CatalogedAsset: Sendable, Equatable {
    /// The id.
    let id: String
    /// The version.
    let token: VersionToken
    /// The path that the catalog gives; nil for none.
    let path: String?
    /// Hex SHA-256 of the file; nil for none.
    let checksum: String?
    /// When the file was last changed, microseconds since 1970; nil for none.
    let modifiedMicroseconds: Int64?
    /// Who may see it.
    let sensitivity: Sensitivity
    /// What discovery wrote; nil for an asset that it did not write.
    let note: DiscoveryNote?

    init(
        id: String,
        token: VersionToken,
        path: String? = nil,
        checksum: String? = nil,
        modifiedMicroseconds: Int64? = nil,
        sensitivity: Sensitivity = .unstated,
        note: DiscoveryNote? = nil
    ) {
        self.id = id
        self.token = token
        self.path = path
        self.checksum = checksum
        self.modifiedMicroseconds = modifiedMicroseconds
        self.sensitivity = sensitivity
        self.note = note
    }

    /// Reads an asset's document.
    init(_ document: StoredDocument) throws(CatalogError) {
        let object = try DocumentBody.stored(document.body).root
        self.init(
            id: document.key.id,
            token: document.token,
            path: object["path"]?.string,
            checksum: object["checksum"]?.string,
            modifiedMicroseconds: object["last_modified_at"]?.string.flatMap(DiscoveryNote.microseconds),
            sensitivity: document.sensitivity,
            note: DiscoveryNote(object["metadata"]?[DiscoveryNote.memberName])
        )
    }
}
