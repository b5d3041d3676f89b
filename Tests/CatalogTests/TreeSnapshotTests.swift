import Domain
import ExampleTree
import Foundation
import SourceTree
import TestSupport
import Testing

@testable import Catalog

@Suite("The picture of a tree")
struct TreeSnapshotTests {
    @Test("says the same after changes as one that is made anew, and tells each row that changed")
    func patched() async throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        try await withTemporaryDirectory { directory in
            let root = directory + "/tree"
            try ExampleTree(seed: 11, tasks: 12).write(to: root)
            let files = TreeFiles(
                source: try SourceRoot(validating: root),
                extractor: RecordExtractor(mapping: try Mapping.shipped()),
                excluding: []
            )
            var picture = TreeSnapshot()
            var rows: [String: TreeRow] = [:]
            for round in 0..<TestEffort.count(slice: 8, long: 400) {
                if round > 0 { try Self.change(root, &random) }
                for change in picture.put(try files.changes(since: picture.files)) {
                    let row = try #require(change.after ?? change.before)
                    let place = "\(row.table.name) \(row.key)"
                    #expect(rows[place]?.values == change.before?.values, "seed \(seed), round \(round): \(place)")
                    rows[place] = change.after
                }
                var fresh = TreeSnapshot()
                fresh.put(try files.changes(since: fresh.files))
                try #require(Self.text(picture) == Self.text(fresh), "seed \(seed), round \(round)")
                #expect(rows.mapValues(\.values) == Self.values(fresh), "seed \(seed), round \(round)")
            }
        }
    }

    /// Everything that readers can learn, and what became of each record.
    private static func text(_ picture: TreeSnapshot) -> [String] {
        let rows = CatalogTable.all.flatMap { table in
            picture.rows(table).map { "\(table.name) \($0.key) \($0.record.id) \($0.role) \($0.values)" }
        }
        let records = picture.files.values.flatMap(\.records).map { record in
            "\(record.id) \(picture.outcome(of: record))"
        }
        return rows + records
    }

    private static func values(_ picture: TreeSnapshot) -> [String: [MappedValue]] {
        CatalogTable.all.reduce(into: [:]) { values, table in
            for row in picture.rows(table) { values["\(table.name) \(row.key)"] = row.values }
        }
    }

    /// Does to one file what other programs do.
    private static func change(_ root: String, _ random: inout SeededGenerator) throws {
        let manager = FileManager.default
        let files = try manager.subpathsOfDirectory(atPath: root).sorted().map { "\(root)/\($0)" }.filter {
            (try? manager.attributesOfItem(atPath: $0)[.type] as? FileAttributeType) == .typeRegular
        }
        let file = files[Int(random.next() % UInt64(files.count))]
        let other = files[Int(random.next() % UInt64(files.count))]
        switch random.next() % 6 {
        case 0: try manager.removeItem(atPath: file)
        case 1: try manager.moveItem(atPath: file, toPath: file + ".moved.json")
        case 2: try manager.copyItem(atPath: file, toPath: "\(file).\(random.next()).json")
        case 3: try manager.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: file)
        case 4: try Data(contentsOf: URL(filePath: other)).write(to: URL(filePath: file))
        default:
            let bytes = try Data(contentsOf: URL(filePath: file))
            try bytes.prefix(bytes.count * 3 / 4).write(to: URL(filePath: file))
        }
    }
}
