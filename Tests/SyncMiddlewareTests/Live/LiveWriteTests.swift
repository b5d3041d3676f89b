import Diagnostics
import EmbeddedServers
import Postgres
import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("Live writes", .serialized)
struct LiveWriteTests {
    @Test("are seen by their version token on the other instance, and refused where the row is not as expected")
    func outcomes() async throws {
        try await SyncHarness.withServers { harness in
            try await harness.withTwo { first, second in
                let made = try await first.write("t", .create(["title": "1"]))
                #expect(made.status == 201 && made.version == 1 && !made.isRepeated)
                #expect(try await second.read("tasks", "t", .version(1)).body == made.body)
                for round in 2...6 {
                    _ = try await second.title("t")
                    let receipt = try await first.write(
                        "t",
                        .replace(["title": .text("\(round)")], expected: round - 1)
                    )
                    let seen = try await second.read("tasks", "t", .version(receipt.version))
                    #expect(seen.version == round && seen.body == receipt.body)
                    #expect(try await first.title("t") == "\(round)")
                }
                let conflict = try await second.failure(of: "t", .replace(["title": "x"], expected: 3))
                #expect(conflict?.code == .syncConflict && conflict?.currentVersion == 6)
                #expect(try await second.failure(of: "t", .create([:]))?.code == .syncConflict)
                #expect(try await second.failure(of: "no", .replace(["title": "x"], expected: 1))?.code == .notFound)
                #expect(try await second.failure(of: "t", .replace(["no": "x"], expected: 6))?.code == .usage)
                let status = RowChange.Operation.replace(["task_status": "nonsense"], expected: 6)
                #expect(try await second.failure(of: "t", status)?.code == .syncRefused)
                let reference = RowChange.Operation.replace(["assigned_to": "nobody"], expected: 6)
                #expect(try await second.failure(of: "t", reference)?.code == .syncRefused)
                #expect(try await second.title("t") == "6")
                let deleted = try await second.write("t", .delete(expected: 6))
                #expect(deleted.status == 204 && deleted.version == 7 && deleted.body == nil)
                #expect(try await first.read("tasks", "t", .version(7)).body == nil)
                #expect(try await first.write("t", .create(["title": "again"])).version == 8)
                let principal = "SELECT details ->> 'principal' FROM audit_logs ORDER BY id DESC LIMIT 1"
                #expect(try await harness.value(principal) == "tester")
                try await harness.run("UPDATE cortex.system_mode SET mode = 'frozen', epoch = epoch + 1")
                #expect(try await second.failure(of: "t", .delete(expected: nil))?.code == .syncMode)
            }
        }
    }

    @Test("with an Idempotency-Key happen once, and give the same bytes again")
    func idempotency() async throws {
        try await SyncHarness.withServers { harness in
            try await harness.withTwo { first, second in
                let change = RowChange.Operation.create(["title": "once"])
                let receipt = try await first.write("t", change, key: "k1")
                try await first.write("t", .replace(["title": "twice"], expected: 1))
                let again = try await second.write("t", change, key: "k1")
                #expect(again.isRepeated && again.body == receipt.body && again.version == 1 && again.status == 201)
                #expect(try await second.failure(of: "t", change, key: "k1", hash: [2])?.code == .syncKeyReused)
                #expect(try await second.failure(of: "t", change)?.code == .syncConflict)
                // A refused write leaves the key free.
                #expect(try await second.failure(of: "t", change, key: "k2")?.code == .syncConflict)
                #expect(try await second.write("u", change, key: "k2").isRepeated == false)
                try await harness.database.withTransaction { session in
                    try await session.query("SELECT FROM tasks WHERE task_id = 'u' FOR UPDATE")
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        let slow = RowChange.Operation.delete(expected: nil)
                        group.addTask { _ = try? await first.write("u", slow, key: "k3") }
                        let held =
                            "SELECT count(*) > 0 FROM pg_locks WHERE classid = \(SyncLock.idempotency) AND granted"
                        try await eventually("the first is under way") { try await harness.value(held) == "t" }
                        try await eventually("the second is told that the first is under way") {
                            try await second.failure(of: "u", slow, key: "k3")?.code == .syncInFlight
                        }
                        group.cancelAll()
                    }
                }
                try await harness.run("UPDATE cortex.idempotency_keys SET created_at = now() - interval '25 hours'")
                #expect(try await second.write("v", change, key: "k1").isRepeated == false)
            }
        }
    }

    /// Where the connection of the writer breaks.
    struct Cut: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let moment: CuttingProxy.Moment
        let happened: Bool
    }

    static let cuts = [
        Cut(testDescription: "behind COMMIT", moment: .answerTo("COMMIT\0"), happened: true),
        Cut(testDescription: "before COMMIT", moment: .beforeText("COMMIT\0"), happened: false),
    ]

    @Test("whose COMMIT gets no reply have an unknown outcome, and the same key finds out", arguments: cuts)
    func lostCommit(_ cut: Cut) async throws {
        try await SyncHarness.withOwnServer(listensOnLoopback: true) { harness, server in
            let port = server.port
            let proxy = try CuttingProxy(target: port, cuts: cut.moment)
            defer { proxy.close() }
            var behind = harness
            behind.instanceURL = server.loopbackURL()?.replacing(":\(port)/", with: ":\(proxy.port)/")
            try await harness.task("t", title: "old")
            let cutOff = behind
            try await harness.withInstance("b") { direct in
                try await cutOff.withInstance("a", runsRelay: false) { writer in
                    try await direct.waitForCache()
                    try await writer.waitForCache()
                    _ = try await direct.title("t")
                    let change = RowChange.Operation.replace(["title": "new"], expected: 1)
                    let failure = try await writer.failure(of: "t", change, key: "k")
                    #expect(failure?.code == .syncOutcomeUnknown)
                    #expect(proxy.hasCut && writer.statistics.unknownWrites == 1)
                    var receipt: WriteReceipt?
                    try await eventually("the retry finds out") {
                        do {
                            receipt = try await direct.write("t", change, key: "k")
                            return true
                        } catch let error as SyncError where error.code == .syncInFlight {
                            return false
                        }
                    }
                    #expect(receipt?.isRepeated == cut.happened && receipt?.version == 2)
                    let seen = try await direct.read("tasks", "t", .version(2))
                    #expect(seen.body == receipt?.body)
                    let again = try await direct.write("t", change, key: "k")
                    #expect(again.isRepeated && again.body == receipt?.body)
                    #expect(try await harness.value("SELECT version FROM tasks WHERE task_id = 't'") == "2")
                }
            }
        }
    }
}
