import Crypto
import Postgres

/// The stored bytes, streamed back chunk by chunk and hashed here.
struct StoredContents: Sendable {
    let session: PostgresSession

    /// Contents compared, and those whose bytes do not have their hash or size.
    func damaged() async throws -> (compared: Int, damaged: [[UInt8]]) {
        var compared = 0
        var damaged: [[UInt8]] = []
        var current: Running?
        func close(_ running: Running?) {
            guard let running else { return }
            compared += 1
            if !running.isIntact { damaged.append(running.sha256) }
        }
        try await session.forEachRow(
            """
            SELECT b.sha256, b.size, c.ordinal, c.bytes FROM source.blobs b LEFT JOIN source.blob_chunks c USING (sha256)
            ORDER BY b.sha256, c.ordinal
            """,
            []
        ) { row in
            let sha256 = row["sha256"].bytes ?? []
            if current?.sha256 != sha256 {
                close(current)
                current = Running(sha256: sha256, size: row["size"].integer ?? -1)
            }
            if let bytes = row["bytes"].bytes { current?.add(bytes, ordinal: row["ordinal"].integer ?? -1) }
        }
        close(current)
        return (compared, damaged)
    }

    /// The hash of one content so far.
    private struct Running {
        let sha256: [UInt8]
        let size: Int64
        private var hash = SHA256()
        private var length: Int64 = 0
        private var next: Int64 = 0
        private var hasGap = false

        init(sha256: [UInt8], size: Int64) {
            self.sha256 = sha256
            self.size = size
        }

        mutating func add(_ bytes: [UInt8], ordinal: Int64) {
            hasGap = hasGap || ordinal != next
            next += 1
            length += Int64(bytes.count)
            hash.update(data: bytes)
        }

        var isIntact: Bool {
            !hasGap && length == size && Array(hash.finalize()) == sha256
        }
    }
}
