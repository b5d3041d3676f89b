import Crypto
import Foundation
import Processes

/// The answers of requests with an `Idempotency-Key`, a file each.
///
/// A file is written before the change it is about, with the answer that this will get, and marked done after it. What is
/// found not done was cut off in between: whether it happened shows in the document.
struct RepeatedWrites: Sendable {
    /// What a request got, or was about to get.
    struct Answer: Codable {
        let requestHash: [UInt8]
        let status: Int
        let body: [UInt8]?
        let token: String?
        var isDone: Bool
    }

    private let directory: String
    /// How long answers are kept; seconds.
    private static let lifetime: TimeInterval = 24 * 3600

    /// Makes the directory and removes what is too old in it.
    init(directory: String) throws {
        self.directory = directory
        try Directory.make(directory)
        for name in Directory.entries(of: directory) where !Self.isYoung("\(directory)/\(name)") {
            try Directory.remove("\(directory)/\(name)")
        }
    }

    private static func isYoung(_ path: String) -> Bool {
        // What is gone already need not be removed.
        let facts = try? FileManager.default.attributesOfItem(atPath: path)
        guard let date = facts?[.modificationDate] as? Date else { return false }
        return Date().timeIntervalSince(date) < lifetime
    }

    private func path(_ key: IdempotencyKey, _ principal: String) -> String {
        var hash = SHA256()
        hash.update(data: Array(principal.utf8))
        hash.update(data: [0x1F])
        hash.update(data: Array(key.key.utf8))
        let name = hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        return "\(directory)/\(name).json"
    }

    /// What a request with this key got; nil for none.
    ///
    /// Throws `sync.key_reused` for another request's key.
    func answer(_ key: IdempotencyKey, of principal: String) throws -> Answer? {
        let path = path(key, principal)
        guard Self.isYoung(path), let bytes = try SmallFile.read(path) else { return nil }
        let answer = try JSONDecoder().decode(Answer.self, from: Data(bytes))
        guard answer.requestHash == key.requestHash else { throw CatalogError.keyReused }
        return answer
    }

    /// Keeps an answer, on the disk before this returns.
    func keep(_ answer: Answer, _ key: IdempotencyKey, of principal: String) throws {
        try SmallFile.write(Array(JSONEncoder().encode(answer)), to: path(key, principal), mode: 0o600)
    }

    /// Forgets an answer whose change did not come about.
    func forget(_ key: IdempotencyKey, of principal: String) throws {
        try Directory.remove(path(key, principal))
    }
}
