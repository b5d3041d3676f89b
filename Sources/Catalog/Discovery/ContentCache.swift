import Crypto
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

    /// A name for each path of a tree.
    private static func fileName(of source: SourceRoot) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        let hash = SHA256.hash(data: Array(source.path.utf8)).prefix(8)
        return hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] } + Array(".json".utf8)
    }

    /// Reads what a directory keeps of a tree; a missing or damaged file is a cache that knows nothing.
    public init(of source: SourceRoot, in directory: String) {
        do {
            let file = StableFile(root: directory, path: Self.fileName(of: source))
            let content = try file.read(limit: Self.largestFile)
            self = try JSONDecoder().decode(Self.self, from: Data(content.bytes ?? []))
        } catch {
            // Whatever is wrong with it, all there is to do is to read the tree anew.
            self.init()
        }
    }

    /// Replaces what a directory, which has to exist, keeps of a tree; throws `file.cannot_write` or `disk.full`.
    public func write(of source: SourceRoot, in directory: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try AtomicFile(root: directory, path: Self.fileName(of: source)).write(
            Array(try encoder.encode(self)),
            mode: 0o600
        )
    }
}
