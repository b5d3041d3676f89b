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
                source: answer.source.rawValue,
                isStale: answer.source == .stale
            )
        } catch {
            // An outage is what the rig is for: the reader gets a 503.
            return nil
        }
    }

    func write(_ key: String, mark: String) async -> Int? {
        for attempt in 0..<Self.conflicts {
            // What the caches say first; who was refused asks PostgreSQL.
            guard let expected = await read(key, attempt == 0 ? .recent : .strong), !expected.isStale else {
                return nil
            }
            let change = RowChange(
                kind: "tasks",
                id: key,
                .replace(["title": .text(mark)], expected: expected.version)
            )
            let idempotency = WriteRequest.IdempotencyKey(mark, requestHash: Array(mark.utf8))
            do {
                let request = WriteRequest(change, principal: "rig", idempotencyKey: idempotency)
                return try await instance.write(request).version
            } catch let error as SyncError where error.code == .syncConflict {
                continue
            } catch {
                // Whether it was written nobody may know: the load tries again with the same mark.
                return nil
            }
        }
        return nil
    }

    private static func need(_ need: HistoryRead.Need) -> ReadNeed {
        switch need {
        case .recent: .recent
        case .version(let version): .version(version)
        case .strong: .strong
        }
    }
}
