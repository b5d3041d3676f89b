import Diagnostics
import EmbeddedServers
import Foundation
import Postgres
import RESP
import Redis
import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("docs/redis.md", .timeLimit(.minutes(5)))
struct RedisPageTests {
    /// The fenced blocks of the page, by their language.
    private static func blocks(_ language: String) throws -> [String] {
        let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../docs/redis.md")
        let text = try String(contentsOf: page.standardizedFileURL, encoding: .utf8)
        return text.components(separatedBy: "```\(language)\n").dropFirst().compactMap {
            $0.components(separatedBy: "\n```").first?.trimmingCharacters(in: .newlines)
        }
    }

    @Test("the session runs as it is written, as the user that the page makes")
    func session() async throws {
        try await ViewHarness.with { harness in
            let user = try #require(try Self.blocks("").first { $0.hasPrefix("ACL SETUSER cortex_view") })
            let words = user.replacing("PASSWORD", with: "canary").split(separator: " ")
            try await harness.redis.send(RESPCommand("ACL", words.dropFirst().map { .text(String($0)) }))
            for sql in try Self.blocks("sql") {
                _ = try await harness.postgres.withSession { try await $0.run(script: sql) }
            }
            try await harness.view.advance(try await harness.office())

            let url = RedisURL(
                place: .socket(path: harness.server.socket),
                user: "cortex_view",
                password: Secret("canary")
            )
            try await RedisClient.withClient(RedisConfiguration(url)) { reader in
                let session = try #require(try Self.blocks("redis").first)
                for step in session.components(separatedBy: "> ").dropFirst() {
                    let lines = step.split(separator: "\n").map(String.init)
                    let command = lines[0].split(separator: " ").map(String.init)
                    let reply = try await reader.send(RESPCommand(command[0], command.dropFirst().map { .text($0) }))
                    #expect(Self.lines(reply) == Array(lines.dropFirst()), "\(lines[0])")
                }
                for name in ["KEYS", "SCAN", "RANDOMKEY", "GET", "SET"] {
                    let arguments: [RESPArgument] =
                        name == "KEYS"
                        ? ["*"]
                        : name == "SCAN" ? [0] : name == "GET" ? ["cortex:view"] : name == "SET" ? ["task:x", "y"] : []
                    await #expect(throws: RedisError.self, "\(name)") {
                        try await reader.send(RESPCommand(name, arguments))
                    }
                }
            }
        }
    }

    private static func lines(_ reply: RESPValue) -> [String] {
        if let elements = reply.elements { return elements.compactMap(\.text).sorted() }
        if let text = reply.text { return [text] }
        return reply.number.map { [$0 == $0.rounded() ? String(Int64($0)) : String($0)] } ?? []
    }
}
