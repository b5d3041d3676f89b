import DataMigration
import Domain
import Foundation
import Postgres
import SourceTree
import TestSupport
import Testing

extension MigrationHarness {
    /// Exports to a directory beside the tree.
    func export(
        to name: String = "export",
        changedOnly: Bool = false
    ) async throws -> (path: String, facts: ExportFacts) {
        let path = root + "-" + name
        let extractor = RecordExtractor(mapping: try Mapping.shipped())
        let facts = try await client.withSession {
            try await TreeExport(session: $0).writePresentState(
                to: path,
                extractor: extractor,
                changedOnly: changedOnly
            )
        }
        return (path, facts)
    }

    /// The text of a file of an exported tree; nil if there is none.
    func text(_ path: String, in tree: String) throws -> String? {
        guard let data = FileManager.default.contents(atPath: tree + "/" + path) else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    /// Migrates a tree into a database of its own and hands it to the body.
    static func withImported<R>(_ tree: String, _ body: (MigrationHarness) async throws -> R) async throws -> R {
        try await with { harness in
            let facts = try await harness.migrate(source: tree)
            #expect(
                facts.verification?.passed == true,
                "\(String(describing: facts.verification?.differences.prefix(5)))"
            )
            return try await body(harness)
        }
    }

    /// Every row of the tables that files describe, as text by table: all columns that records fill, without derived keys.
    ///
    /// JSON is compared by meaning. Rows that stand for a mere name are left out, and so are parts of the metadata that are
    /// rows of their own.
    func comparableRows() async throws -> [String: [String]] {
        var result: [String: [String]] = [:]
        for table in CatalogTable.all where table != .auditLogs {
            let columns = table.mappedColumns.map { column in
                switch column.type {
                case .json where column.name == "metadata":
                    """
                    nullif(public.safe_jsonb(metadata) - '{dependencies,required_by,tasks,task,task_data}'::text[] #- '{context,dependencies}'
                        #- '{metadata,dependencies}', '{}')::text
                    """
                case .json: "public.safe_jsonb(\"\(column.name)\")::text"
                case .numeric: "trim_scale(\"\(column.name)\")::text"
                default: "\"\(column.name)\"::text"
                }
            }
            let filter = table == .agents ? "WHERE origin IS DISTINCT FROM 'inferred'" : ""
            result[table.name] = try await column(
                "SELECT row(\(columns.joined(separator: ", ")))::text FROM public.\(table.name) \(filter) ORDER BY 1"
            ).compactMap(\.self)
        }
        return result
    }

    /// Kinds and canonical hashes of all current records.
    func recordHashes() async throws -> [String?] {
        try await column(
            """
            SELECT concat_ws(' ', r.kind, r.natural_id, r.outcome, encode(r.sha256, 'hex')) FROM source.records r
            JOIN source.files f USING (file_id) WHERE f.retired_by IS NULL ORDER BY 1
            """
        )
    }
}

/// Paths and bytes of all files of a tree; links and pipes by what they are.
func treeContents(_ root: String) throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: root) {
        let attributes = try FileManager.default.attributesOfItem(atPath: root + "/" + path)
        let mode = attributes[.posixPermissions] as? Int ?? 0
        switch attributes[.type] as? FileAttributeType {
        case .typeRegular?: contents["\(path) \(mode)"] = try Data(contentsOf: URL(filePath: root + "/" + path))
        case .typeSymbolicLink?:
            contents[path] = Data(try FileManager.default.destinationOfSymbolicLink(atPath: root + "/" + path).utf8)
        default: contents["\(path) \(mode)"] = Data()
        }
    }
    return contents
}

/// What differs between two results of `comparableRows`, for messages.
func differences(_ left: [String: [String]], _ right: [String: [String]]) -> [String] {
    left.keys.sorted().flatMap { table in
        let (old, new) = (Set(left[table] ?? []), Set(right[table] ?? []))
        return old.subtracting(new).sorted().prefix(3).map { "\(table) - \($0)" }
            + new.subtracting(old).sorted().prefix(3).map { "\(table) + \($0)" }
    }
}
