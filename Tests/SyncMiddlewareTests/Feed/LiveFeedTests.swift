import Diagnostics
import Domain
import EmbeddedServers
import Foundation
import Postgres
import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("The numbered change feed")
struct LiveFeedTests {
    /// Reads from a place to the end, `limit` at a time.
    private static func drain(
        _ instance: SyncInstance,
        after place: EventPosition,
        limit: Int
    ) async throws -> [FeedEvent] {
        var place = place
        var events: [FeedEvent] = []
        while true {
            let page = try await instance.events(after: place, limit: limit)
            try #require(!page.isReset)
            #expect(page.events.count <= limit && (page.hasMore || page.next == page.events.last?.position ?? place))
            events += page.events
            place = page.next
            if !page.hasMore { return events }
        }
    }

    @Test("has every committed change once, versions in order, whatever commits late or not at all, from any place on")
    func everything() async throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let statements = (0..<120).map { step in
            let id = "t\(Int.random(in: 0...3, using: &random))"
            return Int.random(in: 0..<5, using: &random) > 0
                ? "INSERT INTO tasks (task_id, title) VALUES ('\(id)', '\(step)') "
                    + "ON CONFLICT (task_id) DO UPDATE SET title = excluded.title"
                : "DELETE FROM tasks WHERE task_id = '\(id)'"
        }
        let places = [1, 3, 7, 50].map { (limit: $0, place: Int.random(in: 0..<100, using: &random)) }
        try await SyncHarness.withServers { harness in
            try await harness.run(
                "INSERT INTO tasks (task_id, title) SELECT 't' || n, '0' FROM generate_series(0, 3) n"
            )
            try await harness.withInstance { instance in
                try await instance.waitForCache()
                let start = try await instance.events(after: nil)
                #expect(start.events.isEmpty && !start.isReset && !start.hasMore)
                let first = start.next
                let before = try await harness.value("SELECT max(id) FROM cortex.change_feed") ?? "0"
                // Two transactions stay open while others commit; one of them is rolled back.
                try await harness.database.withSession { late in
                    try await late.run(script: "BEGIN; INSERT INTO tasks (task_id) VALUES ('late'), ('later')")
                    try await harness.database.withSession { lost in
                        try await lost.run(script: "BEGIN; INSERT INTO tasks (task_id) VALUES ('lost')")
                        for (step, statement) in statements.enumerated() {
                            try await harness.run(statement)
                            if step == 60 { try await late.run(script: "COMMIT") }
                        }
                        try await lost.run(script: "ROLLBACK")
                    }
                }
                let count = try await harness.value("SELECT count(*) FROM cortex.change_feed WHERE id > \(before)")
                let wanted = count.flatMap { Int($0) } ?? 0
                try await eventually("all is numbered") {
                    try await instance.events(after: nil).next.sequence == first.sequence + wanted
                }
                let all = try await Self.drain(instance, after: first, limit: 10_000)
                #expect(
                    all.map(\.position.sequence) == Array(first.sequence + 1...first.sequence + wanted),
                    "seed \(seed)"
                )
                #expect(Set(all.map(\.row.id)).count == wanted, "seed \(seed)")
                var versions: [String: Int] = [:]
                for event in all {
                    #expect(event.row.version > versions[event.row.rowKey] ?? 0, "seed \(seed)")
                    versions[event.row.rowKey] = event.row.version
                    let age = Date.now.timeIntervalSince1970 - Double(event.microseconds) / 1e6
                    #expect((-60..<3_600).contains(age), "seed \(seed)")
                }
                #expect(versions["lost"] == nil && versions["later"] == 1)
                for (limit, place) in places {
                    let after = EventPosition(timeline: first.timeline, sequence: first.sequence + place)
                    let rest = try await Self.drain(instance, after: after, limit: limit)
                    #expect(rest == Array(all[place...]), "seed \(seed), after \(place) by \(limit)")
                }
                for foreign in [
                    EventPosition(timeline: first.timeline + 1, sequence: 1),
                    EventPosition(timeline: first.timeline, sequence: first.sequence + wanted + 1),
                ] {
                    let page = try await instance.events(after: foreign)
                    #expect(page.isReset && page.events.isEmpty && page.next.sequence == first.sequence + wanted)
                }
            }
        }
    }

    @Test("a step of many rows is read in parts; what was trimmed is a reset, what is left keeps its numbers")
    func trimmed() async throws {
        try await SyncHarness.withServers { harness in
            let harness = harness.with { $0.relayBatch = 100 }
            try await harness.withInstance { instance in
                try await instance.waitForCache()
                let start = try await instance.events(after: nil).next
                try await harness.run(
                    "INSERT INTO tasks (task_id, title) SELECT 't' || n, '0' FROM generate_series(1, 400) n"
                )
                try await harness.run("UPDATE tasks SET title = '1' WHERE task_id = 't7'")
                try await eventually("all is numbered") {
                    try await instance.events(after: nil).next.sequence == start.sequence + 401
                }
                let all = try await Self.drain(instance, after: start, limit: 90)
                #expect(all.count == 401 && Set(all.map(\.row.rowKey)).count == 400)
                try await harness.database.withSession { session in
                    var configuration = harness.configuration
                    configuration.feedRows = 50
                    let trimmed = try await RelayStore(session: session, configuration: configuration).trim()
                    #expect(trimmed.rows >= 351 && !trimmed.hasMore)
                }
                #expect(try await instance.events(after: start).isReset)
                #expect(try await instance.events(after: all[350 - 1].position).isReset)
                let rest = try await Self.drain(instance, after: all[351 - 1].position, limit: 20)
                #expect(rest == Array(all[351...]))
                let newest = try await instance.events(after: all[400].position)
                #expect(newest.events.isEmpty && !newest.isReset && newest.next == all[400].position)
            }
        }
    }

    @Test("without PostgreSQL there is no telling what happened")
    func away() async throws {
        try await SyncHarness.withOwnServer { harness, server in
            try await harness.withInstance { instance in
                try await instance.waitForCache()
                try await server.kill()
                let error = await #expect(throws: SyncError.self) { try await instance.events(after: nil) }
                #expect(error?.code == .syncUnavailable)
                try await server.start()
            }
        }
    }
}
