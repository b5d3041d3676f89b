import Diagnostics
import Foundation
public import SourceTree

/// What earlier scans read: a file whose facts are the same is not read again.
///
/// Safe to lose: without it each file is read once more and nothing else happens.
public struct ContentCache: Sendable, Equatable, Codable {
    /// What reading a file gave.
    public struct Entry: Sendable, Equatable, Codable {
        /// The file's facts when it was read.
        public var fingerprint: FileFingerprint
        /// Hex SHA-256.
        public var sha256: String
        /// Whether what looks like a secret is in it.
        public var looksSecret: Bool

        /// An entry.
        public init(fingerprint: FileFingerprint, sha256: String, looksSecret: Bool) {
            self.fingerprint = fingerprint
            self.sha256 = sha256
            self.looksSecret = looksSecret
        }

        private enum CodingKeys: String, CodingKey {
            case fingerprint, sha256
            case looksSecret = "looks_secret"
        }
    }

    /// By path, as texts of paths are.
    public var entries: [String: Entry] = [:]

    /// A cache that knows nothing.
    public init() {}

    // MARK: File

    private static let largestFile = 1 << 30

    /// Reads the file `name` of a directory; a missing or damaged one is a cache that knows nothing.
    public init(directory: String, name: String) {
        do {
            let content = try StableFile(root: directory, path: Array(name.utf8)).read(limit: Self.largestFile)
            self = try JSONDecoder().decode(Self.self, from: Data(content.bytes ?? []))
        } catch {
            // Whatever is wrong with it, all there is to do is to read the tree anew.
            self.init()
        }
    }

    /// Replaces the file `name` of a directory; throws `file.cannot_write` or `disk.full`.
    public func write(directory: String, name: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try AtomicFile(root: directory, path: Array(name.utf8)).write(Array(try encoder.encode(self)), mode: 0o600)
    }
}
