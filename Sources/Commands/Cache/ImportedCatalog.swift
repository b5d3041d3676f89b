import Foundation
import Postgres

/// Whether what a Redis holds under the names of the published view was imported, byte for byte.
///
/// The copy of a Redis is the same tree of files each time, so each of its files must be among those of an import.
struct ImportedCatalog {
    /// The copy.
    let root: String

    private static let prefixes = ["catalog:", "task:", "agent:", "tasks:", "agents:"]
    private static let pageFiles = 100

    /// The files, relative to the root, that no import has with these bytes.
    func missing(_ postgres: PostgresClient) async throws -> [String] {
        var missing: [String] = []
        var page: [String] = []
        for path in try paths() {
            page.append(path)
            if page.count == Self.pageFiles {
                missing += try await unknown(page, postgres)
                page = []
            }
        }
        return missing + (try await unknown(page, postgres))
    }

    /// The files of keys that have names of the view, or names too long to tell.
    private func paths() throws -> [String] {
        var result: [String] = []
        // Expiry is left out: it says when a key goes, and nothing of what is in it.
        for folder in ["strings", "hashes", "sets", "sorted-sets", "lists", "not-importable"] {
            let path = "\(root)/redis/\(folder)"
            guard FileManager.default.fileExists(atPath: path) else { continue }
            for key in try FileManager.default.contentsOfDirectory(atPath: path).sorted() {
                guard key.hasPrefix("%~") || Self.prefixes.contains(where: key.hasPrefix) else { continue }
                guard folder == "hashes" else {
                    result.append("redis/\(folder)/\(key)")
                    continue
                }
                let fields = try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(key)").sorted()
                result += fields.map { "redis/\(folder)/\(key)/\($0)" }
            }
        }
        return result
    }

    private func unknown(_ paths: [String], _ postgres: PostgresClient) async throws -> [String] {
        guard !paths.isEmpty else { return [] }
        let contents = try paths.map { path in
            let data = try Data(contentsOf: URL(filePath: "\(root)/\(path)"))
            return data.map { String(format: "%02x", $0) }.joined()
        }
        let sql = """
            SELECT w.path FROM unnest($1::text[], $2::text[]) AS w (path, content)
            WHERE NOT EXISTS (
                SELECT FROM source.files f WHERE f.path = convert_to(w.path, 'UTF8') AND f.container_file_id IS NULL
                    AND f.sha256 = sha256(decode(w.content, 'hex')))
            """
        let rows = try await postgres.query(sql, [.textArray(paths), .textArray(contents)]).rows
        return rows.compactMap { $0["path"].string }
    }
}
