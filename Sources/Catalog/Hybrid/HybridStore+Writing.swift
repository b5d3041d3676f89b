import Crypto
import Diagnostics
import Domain
import Postgres
import SyncMiddleware

extension HybridStore {
    /// How often a change that expects nothing is worked out anew when others were faster.
    private static let attempts = 16

    /// A write through the middleware: worked out on the row as it was read, and repeated when that has changed meanwhile.
    ///
    /// First on the row as the near-cache has it; but nothing is refused, or taken for no change, for what a cache says.
    public func write(_ write: CatalogWrite) async throws -> WriteResult {
        if let repeated = try await repeated(write) { return repeated }
        do {
            if let result = try await attemptOnCached(write) { return result }
            for _ in 1..<Self.attempts {
                do {
                    return try await attempt(write)
                } catch let error as SyncError where error.code == .syncConflict {
                    // Somebody was faster: what the client expects is held against what is there now.
                    continue
                }
            }
            return try await attempt(write)
        } catch let error as any CortexError {
            // The first request with this key may have come to its end meanwhile, and be why this one does not fit.
            if [.catalogPatch, .catalogPrecondition, .catalogExists, .notFound, .catalogInvalid].contains(error.code),
                let repeated = try await repeated(write)
            {
                return repeated
            }
            throw error
        }
    }

    private func attempt(_ write: CatalogWrite) async throws -> WriteResult {
        guard write.key.canExist else { throw CatalogError.missing(write.key) }
        let current = try await document(write.key, need: .strong, clearance: .secret)
        if let change = try await change(write, current) { return try await carryOut(write, change) }
        guard let current else { throw CatalogError.missing(write.key) }
        return unchanged(write, current)
    }

    /// Nil when it has to be worked out on what PostgreSQL has: also for a deletion, which need not expect a version.
    private func attemptOnCached(_ write: CatalogWrite) async throws -> WriteResult? {
        if case .delete = write.operation { return nil }
        guard let current = cached(write.key) else { return nil }
        do {
            guard let change = try await change(write, current) else { return nil }
            return try await carryOut(write, change)
        } catch is CatalogError {
            return nil
        } catch let error as SyncError where error.code == .syncConflict {
            return nil
        }
    }

    /// What a write makes of a document; nil for nothing.
    private func change(_ write: CatalogWrite, _ current: StoredDocument?) async throws -> RowChange.Operation? {
        try write.check(current)
        switch write.operation {
        case .delete:
            guard let current else { throw CatalogError.missing(write.key) }
            return .delete(expected: write.precondition == .none ? nil : current.version)
        case .create, .replace, .mergePatch, .jsonPatch:
            let worked = try await DocumentChange(write.operation, of: write.key, current: current?.body) {
                try await exists($0, $1)
            }
            guard worked.wanted.sensitivity <= write.author.clearance else { throw CatalogError.aboveClearance }
            if let current {
                if worked.changed.isEmpty { return nil }
                return .replace(worked.wanted.parameters(worked.changed), expected: current.version)
            }
            let fields = worked.changed.filter { !write.key.kind.table.key.contains($0) }
            return .create(worked.wanted.parameters(fields))
        }
    }

    private func carryOut(_ write: CatalogWrite, _ change: RowChange.Operation) async throws -> WriteResult {
        let receipt = try await instance.write(
            WriteRequest(
                RowChange(kind: write.key.kind.table.name, id: write.key.text, change),
                principal: write.author.principal,
                idempotencyKey: write.idempotencyKey.map {
                    WriteRequest.IdempotencyKey($0.key, requestHash: $0.requestHash)
                }
            )
        )
        return WriteResult(
            key: write.key,
            status: receipt.status,
            version: receipt.version,
            token: token(receipt.version),
            body: receipt.body,
            isRepeated: receipt.isRepeated
        )
    }

    private func unchanged(_ write: CatalogWrite, _ current: StoredDocument) -> WriteResult {
        WriteResult(
            key: write.key,
            status: 200,
            version: current.version,
            token: current.token,
            body: current.body,
            isRepeated: false
        )
    }

    private func exists(_ table: CatalogTable, _ id: String) async throws -> Bool {
        guard !id.utf8.contains(0) else { return false }
        let row = try await instance.query(
            "SELECT FROM public.\(table.name) t WHERE t.\(table.key[0]) = $1",
            [.text(id)]
        ).first
        return row != nil
    }

    // MARK: Repetitions

    /// The answer that an earlier request with the same key got; nil for none.
    private func repeated(_ write: CatalogWrite) async throws -> WriteResult? {
        guard let key = write.idempotencyKey, !key.key.utf8.contains(0) else { return nil }
        let row = try await instance.query(
            """
            SELECT request_sha256, status, headers ->> 'version' AS version, body FROM cortex.idempotency_keys
            WHERE principal = $1 AND key = $2 AND created_at > clock_timestamp() - interval '24 hours'
            """,
            [.text(write.author.principal), .text(key.key)]
        ).first
        guard let row, let status = row["status"].integer else { return nil }
        guard row["request_sha256"].bytes == key.requestHash else { throw CatalogError.keyReused }
        let version = Int(row["version"].integer ?? 0)
        return WriteResult(
            key: write.key,
            status: Int(status),
            version: version,
            token: token(version),
            body: row["body"].bytes,
            isRepeated: true
        )
    }
}
