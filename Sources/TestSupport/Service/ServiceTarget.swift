import Foundation
import Synchronization

/// The catalog service as the target of a load, with tasks as its rows.
///
/// Whatever the service answers that its documents do not name ends the load.
public final class ServiceTarget: LoadTarget {
    /// An answer that no document of the service names in such a case.
    public struct Undocumented: Error, CustomStringConvertible {
        /// What was asked, and the answer.
        public let description: String
    }

    /// A request that has to be repeated letter by letter while it is not known what became of it.
    private struct Change {
        enum Kind { case create, change, removal }

        let kind: Kind
        let mark: String
        /// The ETag that it expects.
        let expected: String?
    }

    private let client: ServiceClient
    private let epoch: Int
    private let open = Mutex<[String: Change]>([:])

    /// The service behind the client; the epoch is that of the system mode, which version tokens carry.
    public init(_ client: ServiceClient, epoch: Int) {
        self.client = client
        self.epoch = epoch
    }

    // MARK: Reading

    /// A read; nil when it was refused as the service's documents say, or the connection was lost.
    ///
    /// Throws `Undocumented`.
    public func read(_ key: String, _ need: HistoryRead.Need) async throws -> LoadAnswer? {
        try await document(key, need)?.answer
    }

    /// The document as it was answered, and its ETag; nil when the read was refused.
    private func document(_ key: String, _ need: HistoryRead.Need) async throws -> (answer: LoadAnswer, tag: String?)? {
        let fields: [(String, String)] =
            switch need {
            case .recent: []
            case .strong: [("Cortex-Consistency", "strong")]
            case .version(let version): [("Cortex-Min-Version", "tasks/\(key)=p\(epoch)-\(version)")]
            }
        guard let found = await client.ask("GET", "/api/tasks/\(key)", fields) else { return nil }
        let source = found.fields["cache-status"]?.prefix { $0 != ";" }
        switch found.status {
        case 200:
            guard let tag = found.fields["etag"], let version = Self.version(tag), let source else {
                throw undocumented("GET \(key) without ETag or Cache-Status", found)
            }
            let answer = LoadAnswer(
                version: version,
                mark: TaskDocument.mark(in: found.body),
                digest: BodyDigest.of(found.body),
                source: String(source),
                isStale: found.isStale
            )
            return (answer, tag)
        case 404:
            let answer = LoadAnswer(
                version: HistoryRead.absent,
                mark: nil,
                source: "absent",
                isStale: found.isStale
            )
            return (answer, nil)
        default:
            try expectRefusal(found, "GET \(key)")
            return nil
        }
    }

    // MARK: Writing

    /// Writes the mark under itself as the idempotency key; nil when that was not acknowledged.
    ///
    /// Throws `Undocumented`.
    public func write(_ key: String, mark: String) async throws -> Int? {
        try await change(key, mark, removes: false)
    }

    /// Removes the row in the same way; where there is none it makes one.
    ///
    /// Throws `Undocumented`.
    public func remove(_ key: String, mark: String) async throws -> Int? {
        try await change(key, mark, removes: true)
    }

    /// How often a change that met another one is begun anew.
    private static let conflicts = 20

    private func change(_ key: String, _ mark: String, removes: Bool) async throws -> Int? {
        for attempt in 0..<Self.conflicts {
            var change = open.withLock { $0[mark] }
            if change == nil {
                // What the caches say first; who was refused asks PostgreSQL.
                guard let seen = try await document(key, attempt == 0 ? .recent : .strong), !seen.answer.isStale else {
                    return nil
                }
                change = Change(
                    kind: seen.tag == nil ? .create : removes ? .removal : .change,
                    mark: mark,
                    expected: seen.tag
                )
            }
            guard let change else { return nil }
            open.withLock { $0[mark] = change }
            guard let answer = await send(change, key) else { return nil }
            switch answer.status {
            case 200, 201, 204:
                open.withLock { $0[mark] = nil }
                guard let version = answer.fields["etag"].flatMap(Self.version) else {
                    throw undocumented("an acknowledged \(change.kind) of \(key) without ETag", answer)
                }
                return version
            case 409 where answer.code == "sync.in_flight": return nil
            case 404, 409, 412:
                // Nothing was changed, by this request or an earlier one of the same letters: another one may be made.
                open.withLock { $0[mark] = nil }
            default:
                try expectRefusal(answer, "\(change.kind) of \(key)")
                return nil
            }
        }
        return nil
    }

    private func send(_ change: Change, _ key: String) async -> ServiceClient.Answer? {
        let fields = [("Idempotency-Key", change.mark)] + (change.expected.map { [("If-Match", $0)] } ?? [])
        switch change.kind {
        case .create:
            return await client.ask(
                "POST",
                "/api/tasks",
                fields + [("Content-Type", "application/json")],
                body: #"{"task_id":"\#(key)","title":"\#(change.mark)","description":"\#(Self.description)"}"#
            )
        case .change:
            return await client.ask(
                "PATCH",
                "/api/tasks/\(key)",
                fields + [("Content-Type", "application/merge-patch+json")],
                body: #"{"title":"\#(change.mark)"}"#
            )
        case .removal: return await client.ask("DELETE", "/api/tasks/\(key)", fields)
        }
    }

    /// Some KB, as the rows have from the beginning.
    private static let description = String(repeating: "0123456789abcdef", count: 512)

    // MARK: What may be answered

    /// What is refused for want of a store is 503 with a code that says so and a time to come again.
    private func expectRefusal(_ answer: ServiceClient.Answer, _ what: String) throws {
        let codes = ["sync.unavailable", "sync.outcome_unknown", "access.unavailable"]
        guard answer.status == 503, answer.fields["retry-after"] != nil, codes.contains(answer.code ?? "") else {
            throw undocumented(what, answer)
        }
    }

    private func undocumented(_ what: String, _ answer: ServiceClient.Answer) -> Undocumented {
        let body = String(decoding: answer.body.prefix(1_000), as: UTF8.self)
        return Undocumented(description: "\(what): \(answer.status) \(answer.fields) \(body)")
    }

    /// The version in an ETag `"p<epoch>-<version>"`.
    private static func version(_ tag: String) -> Int? {
        tag.wholeMatch(of: /"p[0-9]+-([0-9]+)"/).flatMap { Int($0.1) }
    }
}
