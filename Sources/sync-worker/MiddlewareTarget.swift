import Diagnostics
import Postgres
import SyncMiddleware
import TestSupport

/// The sync middleware, as an API before it would use it.
struct MiddlewareTarget: LoadTarget {
    let instance: SyncInstance

    /// How often a write that met another one is begun anew.
    private static let conflicts = 20

    func read(_ key: String, _ need: HistoryRead.Need) async -> LoadAnswer? {
        do {
            let answer = try await instance.read("tasks", key, Self.need(need))
            return LoadAnswer(
                version: answer.version,
                mark: answer.body.flatMap { TaskDocument.mark(in: $0) },
                digest: answer.body.map { BodyDigest.of($0) },
                source: answer.source.rawValue,
                isStale: answer.source == .stale
            )
        } catch {
            // An outage is what the rig is for: the reader gets a 503.
            return nil
        }
    }

    func write(_ key: String, mark: String) async -> Int? {
        await change(key, mark, removes: false)
    }

    func remove(_ key: String, mark: String) async -> Int? {
        await change(key, mark, removes: true)
    }

    private func change(_ key: String, _ mark: String, removes: Bool) async -> Int? {
        for attempt in 0..<Self.conflicts {
            // What the caches say first; who was refused asks PostgreSQL.
            guard let seen = await read(key, attempt == 0 ? .recent : .strong), !seen.isStale else { return nil }
            let operation: RowChange.Operation =
                switch (seen.mark, removes) {
                case (nil, _): .create(["title": .text(mark), "description": .text(Self.description)])
                case (_, false): .replace(["title": .text(mark)], expected: seen.version)
                case (_, true): .delete(expected: seen.version)
                }
            // The ledger of the rig names removals by who asked for them.
            let request = WriteRequest(
                RowChange(kind: "tasks", id: key, operation),
                principal: mark,
                idempotencyKey: WriteRequest.IdempotencyKey(mark, requestHash: Array(mark.utf8))
            )
            do {
                return try await instance.write(request).version
            } catch let error as SyncError where [.syncConflict, .notFound].contains(error.code) {
                continue
            } catch {
                // Whether it was written nobody may know: the load tries again with the same mark.
                return nil
            }
        }
        return nil
    }

    /// Some KB, as the rows have from the beginning.
    private static let description = String(repeating: "0123456789abcdef", count: 512)

    private static func need(_ need: HistoryRead.Need) -> ReadNeed {
        switch need {
        case .recent: .recent
        case .version(let version): .version(version)
        case .strong: .strong
        }
    }
}
