import Foundation
import TestSupport
import Testing

@Suite("make check")
struct CheckScriptTests {
    /// A violation: the file it is planted in, the text, and what the check must say.
    struct Planted: Sendable, CustomTestStringConvertible {
        let file: String
        let text: String
        let says: String
        var testDescription: String { says }
    }

    @Test(
        "a forbidden pattern is reported with file, line and rule",
        arguments: [
            Planted(file: "Sources/Domain/A.swift", text: "let a = try! f()", says: "Sources/Domain/A.swift:1: try!: "),
            Planted(
                file: "Tests/DomainTests/A.swift",
                text: "\nlet a = try! f()",
                says: "Tests/DomainTests/A.swift:2: try!: "
            ),
            Planted(file: "Sources/Domain/A.swift", text: "let a = b as! C", says: "Sources/Domain/A.swift:1: as!: "),
            Planted(file: "Sources/Domain/A.swift", text: "Task { }", says: "Sources/Domain/A.swift:1: task: "),
            Planted(
                file: "Sources/Domain/A.swift",
                text: "Task.detached { }",
                says: "Sources/Domain/A.swift:1: task: "
            ),
            Planted(
                file: "Sources/Domain/A.swift",
                text: "fatalError()",
                says: "Sources/Domain/A.swift:1: fatalError: "
            ),
            Planted(file: "Sources/Domain/A.swift", text: "let a = try? f()", says: "Sources/Domain/A.swift:1: try?: "),
            Planted(file: "Sources/Domain/A.swift", text: "print(1)", says: "Sources/Domain/A.swift:1: print: "),
            Planted(file: "Sources/Domain/A.swift", text: "struct A: @unchecked Sendable {}", says: ":1: unchecked: "),
            Planted(file: "Sources/Domain/A.swift", text: "PQexec(x)", says: "Sources/Domain/A.swift:1: vendor: "),
            Planted(file: "Sources/Domain/A.swift", text: "let a: PGconn", says: "Sources/Domain/A.swift:1: vendor: "),
            Planted(
                file: "Sources/Domain/A.swift",
                text: "let a = \"kubectl\"",
                says: "Sources/Domain/A.swift:1: vendor: "
            ),
            Planted(
                file: "Sources/Domain/A.swift",
                text: "getenv(\"X\")",
                says: "Sources/Domain/A.swift:1: environment: "
            ),
            Planted(file: "Sources/Domain/AStateMachine.swift", text: "await f()", says: ":1: machine: "),
            Planted(file: "Sources/Domain/AStateMachine.swift", text: "let d = Date()", says: ":1: machine: "),
            Planted(file: "Sources/Domain/AStateMachine.swift", text: "import Postgres", says: ":1: machine: "),
            Planted(
                file: "Sources/Domain/A.swift",
                text: "// TO" + "DO: later",
                says: "Sources/Domain/A.swift:1: todo: "
            ),
            Planted(
                file: "Sources/Domain/A.swift",
                text: String(repeating: "\n", count: 601),
                says: ":600: file-size: "
            ),
            Planted(file: "Sources/Domain/Helpers/A.swift", text: "let a = 1", says: ":1: name: "),
            Planted(file: "Sources/Domain/StringUtils.swift", text: "let a = 1", says: ":1: name: "),
            Planted(file: "docs/a.md", text: "see /ho" + "me/me/x", says: "docs/a.md:1: machine-path: "),
            Planted(file: "scripts/a", text: "cd /Us" + "ers/me", says: "scripts/a:1: machine-path: "),
        ]
    )
    func pattern(planted: Planted) async throws {
        try await withTemporaryDirectory { folder in
            try write(planted.text + "\n", to: planted.file, in: folder)
            let ended = try Repository.run("scripts/check-patterns", [folder])
            #expect(ended.status == 1)
            #expect(ended.output.contains(planted.says), "\(ended.output)")
            #expect(ended.output.split(separator: "\n").count == 1, "\(ended.output)")
        }
    }

    @Test(
        "what only looks like a violation is none",
        arguments: [
            "// never try! here", "let a = \"try! as! Task { fatalError\"", "let a = \"\"\"\n    try! x\n    \"\"\"",
            "let a = try? f()  // why it does not matter", "// why it does not matter\nlet a = try? f()",
            "TaskGroup { }",
            "withTask { }", "blueprint(1)", "let environment = 1", "x.print(1)", "let PGHOST = 1",
            "// says the lock\nfinal class A: @unchecked Sendable {}",
        ]
    )
    func innocent(text: String) async throws {
        try await withTemporaryDirectory { folder in
            try write(text + "\n", to: "Sources/Domain/A.swift", in: folder)
            let ended = try Repository.run("scripts/check-patterns", [folder])
            #expect(ended.status == 0)
            #expect(ended.output.isEmpty, "\(ended.output)")
        }
    }

    @Test(
        "an import that the layer table does not allow is reported with file and line, without a build",
        arguments: [
            Planted(
                file: "Sources/Domain/A.swift",
                text: "import Postgres",
                says: "Sources/Domain/A.swift:1: layer: Domain may not import Postgres"
            ),
            Planted(
                file: "Sources/Domain/A.swift",
                text: "\npublic import Commands",
                says: "A.swift:2: layer: Domain may not import Commands"
            ),
            Planted(
                file: "Sources/Reporting/A.swift",
                text: "  @testable import Settings // x",
                says: "layer: Reporting may not import Settings"
            ),
            Planted(
                file: "Sources/Reporting/A.swift",
                text: "import struct Settings.ByteCount",
                says: "layer: Reporting may not import Settings"
            ),
            Planted(
                file: "Sources/Domain/A.swift",
                text: "import ArgumentParser",
                says: "layer: Domain may not import ArgumentParser"
            ),
            Planted(
                file: "Sources/Commands/A.swift",
                text: "import TestSupport",
                says: "layer: Commands may not import TestSupport"
            ),
            Planted(
                file: "Sources/Commands/A.swift",
                text: "import CLibpq",
                says: "layer: Commands may not import CLibpq"
            ),
            Planted(file: "Sources/Novel/A.swift", text: "import Domain", says: "layer: module Novel has no row"),
        ]
    )
    func badImport(planted: Planted) async throws {
        try await withTemporaryDirectory { folder in
            try write(try Repository.text("scripts/layers.txt"), to: "scripts/layers.txt", in: folder)
            try write(planted.text + "\n", to: planted.file, in: folder)
            let ended = try Repository.run("scripts/check-layers", ["--imports", folder])
            #expect(ended.status == 1)
            #expect(ended.output.contains(planted.says), "\(ended.output)")
        }
    }

    @Test("allowed imports pass")
    func goodImports() async throws {
        try await withTemporaryDirectory { folder in
            try write(try Repository.text("scripts/layers.txt"), to: "scripts/layers.txt", in: folder)
            try write(
                "import Crypto\npublic import Diagnostics\nimport Foundation\n",
                to: "Sources/Domain/A.swift",
                in: folder
            )
            try write("// import Postgres\nlet a = \"import Postgres\"\n", to: "Sources/Domain/B.swift", in: folder)
            let ended = try Repository.run("scripts/check-layers", ["--imports", folder])
            #expect(ended.status == 0, "\(ended.output)")
        }
    }

    @Test(
        "a row of the table that points up or to nothing is reported",
        arguments: ["1 Domain : Novel", "1 Domain : Settings\n1 Settings :", "2 A : B\n3 B :"]
    )
    func badTable(rows: String) async throws {
        try await withTemporaryDirectory { folder in
            try write(rows + "\n", to: "scripts/layers.txt", in: folder)
            try write("", to: "Sources/Domain/A.swift", in: folder)
            let ended = try Repository.run("scripts/check-layers", ["--imports", folder])
            #expect(ended.status == 1)
            #expect(ended.output.hasPrefix("scripts/layers.txt:1: layer: "), "\(ended.output)")
        }
    }

    @Test("a missing doc comment and a force try fail the format check with file and line")
    func format() async throws {
        try await withTemporaryDirectory { folder in
            try write(try Repository.text(".swift-format"), to: ".swift-format", in: folder)
            try write("public struct Naked {}\n", to: "Sources/Domain/A.swift", in: folder)
            let process = try Repository.lint(folder + "/Sources")
            #expect(process.status != 0)
            #expect(
                process.output.contains("A.swift:1:1: error: [AllPublicDeclarationsHaveDocumentation]"),
                "\(process.output)"
            )
        }
    }

    @Test("the module table of docs/architecture.md is the one of scripts/layers.txt, and a change of one is noticed")
    func generated() async throws {
        #expect(try Repository.run("scripts/check-generated", []).status == 0)
        try await withTemporaryDirectory { folder in
            try write(try Repository.text("scripts/layers.txt") + "1 Novel :\n", to: "scripts/layers.txt", in: folder)
            try write(try Repository.text("docs/architecture.md"), to: "docs/architecture.md", in: folder)
            let ended = try Repository.run("scripts/check-generated", [folder])
            #expect(ended.status == 1)
            #expect(ended.output.contains("docs/architecture.md:") && ended.output.contains(": generated: "))
        }
    }

    @Test("this repository passes the checks that need no build")
    func thisRepository() throws {
        let layers = try Repository.run("scripts/check-layers", [])
        #expect(layers.status == 0, "\(layers.output)")
        let patterns = try Repository.run("scripts/check-patterns", [])
        #expect(patterns.status == 0, "\(patterns.output)")
    }

    private func write(_ text: String, to path: String, in folder: String) throws {
        let file = URL(filePath: folder).appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
}

extension Repository {
    /// Runs the format check on a folder.
    static func lint(_ folder: String) throws -> Ended {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["swift", "format", "lint", "--strict", "--recursive", folder]
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Ended(status: process.terminationStatus, output: String(decoding: data, as: UTF8.self))
    }
}
