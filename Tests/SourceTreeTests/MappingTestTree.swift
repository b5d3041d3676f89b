import Crypto
import Domain
import Foundation
import LosslessJSON
import Testing

@testable import SourceTree

/// The scrubbed part of a real coordination tree that lies beside the package, or where `CORTEX_SHARED` says.
enum RealTree {
    struct File: Sendable {
        let path: [UInt8]
        let bytes: [UInt8]
        var text: String { String(decoding: path, as: UTF8.self) }
    }

    static let root: String? = {
        let manager = FileManager.default
        var places: [String] = []
        if let shared = ProcessInfo.processInfo.environment["CORTEX_SHARED"] { places.append(shared) }
        var directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        for _ in 0..<6 {
            directory = directory.deletingLastPathComponent()
            places.append(directory.appendingPathComponent("shared").path)
        }
        return places.map { $0 + "/fixtures/cortex-tree" }.first { manager.fileExists(atPath: $0) }
    }()

    /// Every file, sorted by path.
    static let files: [File] = {
        guard let root, let list = FileManager.default.enumerator(atPath: root) else { return [] }
        var files: [File] = []
        for case let path as String in list {
            let full = root + "/" + path
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: full, isDirectory: &isDirectory), !isDirectory.boolValue,
                let data = FileManager.default.contents(atPath: full)
            else { continue }
            files.append(File(path: Array(path.utf8), bytes: Array(data)))
        }
        return files.sorted { $0.path.lexicographicallyPrecedes($1.path) }
    }()

    /// Every file as the shipped mapping reads it.
    static let extraction: Result<[Extracted], any Error> = Result {
        let extractor = try RecordExtractor.shipped.get()
        return try files.map { try extractor.extracted($0.text, bytes: $0.bytes) }
    }

    /// The broken files again, with repairs accepted.
    static let repaired: Result<[Extracted], any Error> = Result {
        let extractor = try RecordExtractor.shipped.get()
        let broken = try extraction.get().filter { $0.reading.state == .invalid }
        return try broken.map { try extractor.extracted($0.path, bytes: $0.bytes, acceptRepairs: true) }
    }
}

/// What one file gave.
struct Extracted: Sendable {
    let path: String
    let bytes: [UInt8]
    let reading: FileReading
    let records: [ExtractedRecord]

    func records(of kind: String) -> [ExtractedRecord] { records.filter { $0.kind == kind } }
}

extension RecordExtractor {
    /// With the shipped mapping, read once.
    static let shipped: Result<RecordExtractor, any Error> = Result { RecordExtractor(mapping: try Mapping.shipped()) }

    func extracted(_ path: String, bytes: [UInt8], acceptRepairs: Bool = false) throws -> Extracted {
        var records: [ExtractedRecord] = []
        let reading = try extract(source(path, bytes), bytes: bytes, acceptRepairs: acceptRepairs) {
            records.append($0)
        }
        return Extracted(path: path, bytes: bytes, reading: reading, records: records)
    }

    func extracted(_ path: String, _ text: String, acceptRepairs: Bool = false) throws -> Extracted {
        try extracted(path, bytes: Array(text.utf8), acceptRepairs: acceptRepairs)
    }

    func source(_ path: String, _ bytes: [UInt8]) -> Source {
        Source(
            path: Array(path.utf8),
            fileID: DeterministicID(
                namespace: .file,
                parts: [Array(path.utf8), [], Array(SHA256.hash(data: bytes))]
            ),
            size: bytes.count
        )
    }
}

extension ExtractedRecord {
    /// The value of a column of the record's own row.
    func value(_ column: String) -> MappedValue? {
        rows.first?.value(column)
    }

    /// What the rest column holds, as text.
    var rest: String? {
        guard case .json(let bytes) = value("metadata") else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    func findings(_ rule: FindingRule) -> [Finding] { findings.filter { $0.rule == rule } }
}

extension MappedRow {
    func value(_ column: String) -> MappedValue? {
        table.mappedColumns.firstIndex { $0.name == column }.map { values[$0] }
    }
}
