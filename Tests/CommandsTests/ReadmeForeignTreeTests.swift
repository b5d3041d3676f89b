import Diagnostics
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Commands

@Suite("The README's commands for another team's tree")
struct ReadmeForeignTreeTests {
    @Test("run as they stand, and print what the README shows of them")
    func commands() async throws {
        let section = try Self.section("Another team's tree")
        let commands = section[0].text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("cortex ") }
        #expect(commands.count == 3)
        try await TestDatabase.withDatabase { url in
            try await withTemporaryDirectory { folder in
                try FileManager.default.createDirectory(atPath: folder + "/examples", withIntermediateDirectories: true)
                try FileManager.default.copyItem(
                    atPath: Self.root.path + "/examples/ticket-export",
                    toPath: folder + "/examples/ticket-export"
                )
                var harness = CommandHarness()
                harness.workingDirectory = folder
                var output = ""
                for command in commands {
                    let ended = try await Self.run(command, harness: harness, folder: folder, target: url)
                    #expect(ended.status == .done, "\(command): \(ended.talk)")
                    output += ended.output
                }
                for block in section.dropFirst() where block.language != "sql" { Self.expect(block.text, in: output) }
                try await PostgresClient.withClient(PostgresConfiguration(url: url)) { client in
                    for block in section where block.language == "sql" {
                        let rows = try await client.query(block.text).rows
                        #expect(rows.count == 3)
                    }
                }
            }
        }
    }

    /// Runs a line of the README: comment and redirection as a shell has them, the database of the test as target.
    private static func run(
        _ line: String,
        harness: CommandHarness,
        folder: String,
        target: String
    ) async throws -> CommandHarness.Ended {
        let command = line.prefix { $0 != "#" }.split(separator: ">").map { $0.trimmingCharacters(in: .whitespaces) }
        var arguments = command[0].split(separator: " ").dropFirst().map(String.init)
        if arguments[0] != "mapping" { arguments += ["--target", target] }
        let ended = await harness.run(arguments)
        if command.count > 1 { try Data(ended.output.utf8).write(to: URL(filePath: folder + "/" + command[1])) }
        return ended
    }

    /// Every line that is shown was printed, in this order; `…` stands for what is left out.
    private static func expect(_ block: String, in output: String) {
        var rest = output.split(separator: "\n", omittingEmptySubsequences: false)[...]
        for line in block.split(separator: "\n") where line.trimmingCharacters(in: .whitespaces) != "…" {
            guard let place = rest.firstIndex(of: line) else {
                Issue.record("the README shows a line that was not printed there: \(line)")
                return
            }
            rest = rest[(place + 1)...]
        }
    }

    private static let root: URL = {
        var folder = URL(filePath: #filePath).resolvingSymlinksInPath()
        while folder.path != "/", !FileManager.default.fileExists(atPath: folder.path + "/Package.swift") {
            folder.deleteLastPathComponent()
        }
        return folder
    }()

    /// The fenced blocks of a section.
    private static func section(_ title: String) throws -> [(language: String, text: String)] {
        let page = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        let start = try #require(page.firstRange(of: "\n## \(title)\n"))
        let rest = page[start.upperBound...]
        let text = rest[..<(rest.firstRange(of: "\n## ")?.lowerBound ?? rest.endIndex)]
        return text.split(separator: "```", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }
            .map { (String($0.element.prefix { $0 != "\n" }), String($0.element.drop { $0 != "\n" }.dropFirst())) }
    }
}
