import Diagnostics
import Foundation
import Logging
import Synchronization
import Testing

@testable import Monitoring

@Suite struct JSONLogHandlerTests {
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    private let lines = Lines()

    private func logger(_ level: Logger.Level = .trace) -> Logger {
        Logger(label: "cortex.test") { [lines] label in
            JSONLogHandler(
                label: label,
                level: level,
                metadataProvider: .trace,
                output: { lines.add($0) },
                now: { Date(timeIntervalSince1970: 1_700_000_000.25) }
            )
        }
    }

    private func object() throws -> [String: Any] {
        let line = try #require(lines.all.last)
        #expect(line.hasSuffix("\n") && line.dropLast().allSatisfy { !$0.isNewline })
        let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
        return try #require(value as? [String: Any])
    }

    @Test func `a line is one object with time, level, logger and message`() throws {
        logger().info("started", metadata: ["port": "3000", "time": "mine"])
        let object = try object()
        #expect(object["time"] as? String == "2023-11-14T22:13:20.250Z")
        #expect(object["level"] as? String == "info")
        #expect(object["logger"] as? String == "cortex.test")
        #expect(object["message"] as? String == "started")
        #expect(object["port"] as? String == "3000")
        #expect(object["time_"] as? String == "mine")
        #expect(object["trace_id"] == nil)
    }

    @Test(arguments: [
        "line\nbreak", "\u{0}\u{7f}\u{1b}[31m", "\u{2028}\u{2029}", "\"quotes\" and \\", "🇩🇪 naïve", "\r\n\t",
    ])
    func `hostile text stays in its line and comes back as it was`(text: String) throws {
        logger().error(
            "\(text)",
            metadata: ["key \(text)": .array([.string(text), .dictionary([text: .string(text)])])]
        )
        let object = try object()
        #expect(object["message"] as? String == text)
        let array = try #require(object["key \(text)"] as? [Any])
        #expect(array.first as? String == text)
        #expect((array.last as? [String: String])?[text] == text)
    }

    @Test func `the trace of the request is in the line`() throws {
        var generator = SystemRandomNumberGenerator()
        let trace = TraceContext.random(using: &generator)
        TraceContext.$current.withValue(trace) { logger().notice("answered") }
        #expect(try object()["trace_id"] as? String == trace.traceID.description)
    }

    @Test func `no secret gets into a line`() throws {
        let canary = "hunter2canary"
        let key = "cortex_0123456789abcdef_" + String(repeating: "ab", count: 32)
        logger().warning(
            "cannot reach postgres://cortex:\(canary)@db/x with \(key)",
            metadata: [
                "url": "redis://:\(canary)@localhost", "Authorization": .string(canary), "api_key": .string(canary),
                "nested": .dictionary(["client_secret": .string(canary)]),
                "libpq": "host=x password=\(canary) dbname=y",
                "secret": .stringConvertible(Secret(canary)), "header": .string("Bearer \(key)"),
            ]
        )
        let line = try #require(lines.all.last)
        #expect(!line.contains(canary))
        #expect(!line.contains("abababab"))
        #expect(line.contains("cortex_0123456789abcdef_***"))
    }

    @Test func `what is below the level is not written`() {
        logger(.warning).info("quiet")
        #expect(lines.all.isEmpty)
    }
}
