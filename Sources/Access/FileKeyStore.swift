import Diagnostics
import Domain
import Processes

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// Keys in a file of the home (`secrets/api-keys.json`, 0600), for as long as there is no database, and for the first
/// administrator.
///
/// The file is replaced whole and under a lock. Keys in it belong to no user.
public struct FileKeyStore: KeyStore {
    private let path: String

    /// The store in this directory, which must be 0700; the file is made with the first key.
    public init(directory: String) {
        path = directory + "/api-keys.json"
    }

    /// The records of these keys; a file that cannot be read leaves all unanswered.
    public func find(_ ids: Set<APIKeyID>) async -> KeyLookup {
        var lookup = KeyLookup()
        do {
            for record in try read() where ids.contains(record.id) { lookup.records[record.id] = record }
        } catch {
            lookup.unanswered = ids
            lookup.cause = error
        }
        return lookup
    }

    /// All records of the file.
    public func list() async throws -> [APIKeyRecord] { try read() }

    /// Adds a record.
    public func add(_ record: APIKeyRecord) async throws {
        guard record.userID == nil else {
            throw AccessError(
                .usage,
                "a key in a file belongs to no user",
                hint: "Start PostgreSQL, or leave the user out."
            )
        }
        try await change { records in
            if let known = records.first(where: { $0.id == record.id }) {
                guard known.sha256 == record.sha256 else { throw AccessError.idTaken(record.id) }
                return
            }
            records.append(record)
        }
    }

    /// Marks a key as revoked.
    public func revoke(_ id: APIKeyID, by principal: String, at now: Date) async throws -> Bool {
        guard try read().contains(where: { $0.id == id }) else { return false }
        try await change { records in
            guard let index = records.firstIndex(where: { $0.id == id }), records[index].revokedAt == nil else {
                return
            }
            records[index].revokedAt = now
            records[index].revokedBy = principal
        }
        return true
    }

    // MARK: The file

    private struct Document: Codable {
        var keys: [Row]
    }

    private struct Row: Codable {
        var keyID: String
        var sha256: String
        var label: String?
        var scopes: [String]
        var clearance: Sensitivity?
        var createdAt: Date
        var createdBy: String?
        var expiresAt: Date?
        var revokedAt: Date?
        var revokedBy: String?

        enum CodingKeys: String, CodingKey {
            case keyID = "key_id"
            case sha256, label, scopes, clearance
            case createdAt = "created_at"
            case createdBy = "created_by"
            case expiresAt = "expires_at"
            case revokedAt = "revoked_at"
            case revokedBy = "revoked_by"
        }
    }

    private func change(_ body: (inout [APIKeyRecord]) throws -> Void) async throws {
        try await LockFile.withLock(at: path + ".lock", holder: "cortex keys", patience: .seconds(5)) {
            var records = try read()
            try body(&records)
            let encoder = JSONEncoder()
            encoder.dateEncodingStrategy = .iso8601
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            let bytes = try encoder.encode(Document(keys: records.map(Self.row)))
            try SmallFile.write(Array(bytes) + [0x0a], to: path)
        }
    }

    private func read() throws -> [APIKeyRecord] {
        guard let bytes = try SmallFile.read(path) else { return [] }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        do {
            return try decoder.decode(Document.self, from: Data(bytes)).keys.map(record)
        } catch let error as AccessError {
            throw error
        } catch {
            throw damaged(error)
        }
    }

    private func record(_ row: Row) throws -> APIKeyRecord {
        guard let id = APIKeyID(row.keyID), let scopes = AccessScopes(names: row.scopes),
            let sha256 = Self.bytes(row.sha256), sha256.count == 32
        else { throw damaged(nil) }
        var record = APIKeyRecord(id: id, sha256: sha256, scopes: scopes, createdAt: row.createdAt)
        record.label = row.label
        record.clearance = row.clearance
        record.createdBy = row.createdBy
        record.expiresAt = row.expiresAt
        record.revokedAt = row.revokedAt
        record.revokedBy = row.revokedBy
        return record
    }

    private static func row(_ record: APIKeyRecord) -> Row {
        Row(
            keyID: record.id.description,
            sha256: record.sha256.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined(),
            label: record.label,
            scopes: record.scopes.names,
            clearance: record.clearance,
            createdAt: record.createdAt,
            createdBy: record.createdBy,
            expiresAt: record.expiresAt,
            revokedAt: record.revokedAt,
            revokedBy: record.revokedBy
        )
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Hexadecimal.digit(digits[index]), let low = Hexadecimal.digit(digits[index + 1]) else {
                return nil
            }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }

    private func damaged(_ cause: (any Error)?) -> AccessError {
        AccessError(
            .cannotRead,
            "the file of keys \(path) cannot be understood",
            hint: "Put back a copy of it, or remove it and make new keys.",
            cause: cause
        )
    }
}

extension AccessError {
    static func idTaken(_ id: APIKeyID) -> AccessError {
        AccessError(.accessConflict, "there is another key with the id \(id)", hint: "make a new key")
    }
}
