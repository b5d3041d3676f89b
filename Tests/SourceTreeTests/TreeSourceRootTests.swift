import Diagnostics
import Testing

@testable import SourceTree

@Suite("Source roots")
struct TreeSourceRootTests {
    private func code(_ path: String) -> ErrorCode? {
        do {
            _ = try SourceRoot(validating: path)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("Each way of being no source has its code and names the path")
    func codes() throws {
        try TreeScratch.use { scratch in
            try scratch.file("file")
            try scratch.directory("empty")
            try scratch.link("dangling", to: "nowhere")
            #expect(code(scratch.path + "/nothing") == .sourceMissing)
            #expect(code(scratch.path + "/dangling") == .sourceMissing)
            #expect(code(scratch.path + "/file") == .sourceNotDirectory)
            #expect(code(scratch.path + "/file/below") == .sourceNotDirectory)
            #expect(code(scratch.path + "/empty") == .sourceEmpty)
            let error = #expect(throws: SourceTreeError.self) { try SourceRoot(validating: scratch.path + "/nothing") }
            #expect(error?.message.contains(scratch.path + "/nothing") == true)
        }
    }

    @Test("A source without permission to list or to enter says so", arguments: [UInt32(0), 0o444, 0o111])
    func notPermitted(mode: UInt32) throws {
        try TreeScratch.use { scratch in
            try scratch.setMode(0o755, of: ".")
            try scratch.directory("closed")
            try scratch.file("closed/x")
            try scratch.setMode(mode, of: "closed")
            defer { #expect(throws: Never.self) { try scratch.setMode(0o755, of: "closed") } }
            #expect(try asOrdinaryUser { code(scratch.path + "/closed") } == .sourceNotPermitted)
        }
    }

    @Test("The root is absolute, links resolved")
    func resolved() throws {
        try TreeScratch.use { scratch in
            try scratch.directory("real")
            try scratch.file("real/x")
            try scratch.link("alias", to: "real")
            let direct = try SourceRoot(validating: scratch.path + "/real")
            #expect(try SourceRoot(validating: scratch.path + "/alias/../alias/") == direct)
        }
    }

    struct LayoutCase: Sendable, CustomTestStringConvertible {
        var root: String
        var directories: [String]
        var files: [String]
        var expected: SourceRoot.Layout
        var testDescription: String { "\(root) with \(directories + files)" }
    }

    @Test(
        "Project roots, coordination folders and other trees are told apart",
        arguments: [
            LayoutCase(root: "p", directories: ["p/coordination"], files: [], expected: .project),
            LayoutCase(root: "p", directories: ["p/coordination"], files: ["p/task-queue.json"], expected: .project),
            LayoutCase(root: "coordination", directories: [], files: ["coordination/x"], expected: .coordination),
            LayoutCase(root: "copy", directories: [], files: ["copy/task-queue.json"], expected: .coordination),
            LayoutCase(root: "copy", directories: ["copy/worker-specs"], files: [], expected: .coordination),
            LayoutCase(
                root: "coordination",
                directories: ["coordination/coordination"],
                files: ["coordination/task-queue.json"],
                expected: .coordination
            ),
            LayoutCase(root: "other", directories: ["other/data"], files: ["other/data/x"], expected: .unknown),
            LayoutCase(root: "other", directories: [], files: ["other/coordination"], expected: .unknown),
        ]
    )
    func layout(example: LayoutCase) throws {
        try TreeScratch.use { scratch in
            try scratch.directory(example.root)
            for name in example.directories { try scratch.directory(name) }
            for name in example.files { try scratch.file(name) }
            let root = try SourceRoot(validating: scratch.path + "/" + example.root)
            #expect(root.layout == example.expected)
            #expect(root.pathPrefix == (example.expected == .coordination ? "coordination/" : ""))
            #expect(root.mappingPath(of: [0xff]) == Array(root.pathPrefix.utf8) + [0xff])
        }
    }
}
