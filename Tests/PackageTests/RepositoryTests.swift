import Foundation
import Testing

@Suite("The repository")
struct RepositoryTests {
    @Test("every target of the Makefile has a help text, and the manual's targets exist")
    func targets() throws {
        let makefile = try Repository.text("Makefile")
        let targets = makefile.matches(of: /(?m)^([a-z][a-z-]*):.*$/).map { (String($0.output.1), String($0.output.0)) }
        for (name, line) in targets { #expect(line.contains(" ## "), "\(name)") }
        for name in ["help", "setup", "build", "run", "test", "check", "bench", "format", "clean"] {
            #expect(targets.contains { $0.0 == name }, "\(name)")
        }
    }

    @Test("every script is executable, strict about errors and valid bash")
    func scripts() throws {
        let folder = Repository.root.appending(path: "scripts")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            !$0.contains(".") && $0 != "hooks"
        }
        for path in names.map({ "scripts/" + $0 }) + [".ci/run", "scripts/hooks/pre-commit"] {
            let file = Repository.root.appending(path: path).path
            #expect(FileManager.default.isExecutableFile(atPath: file), "\(path)")
            let text = try Repository.text(path)
            #expect(
                text.contains("set -euo pipefail") || text.contains("set -uo pipefail") || text.contains("set -eu"),
                "\(path)"
            )
        }
    }

    @Test(
        "links between our documents lead somewhere",
        arguments: ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/commands.md", "docs/errors.md"]
    )
    func links(path: String) throws {
        let folder = Repository.root.appending(path: path).deletingLastPathComponent()
        for match in try Repository.text(path).matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
            let target = folder.appending(path: String(match.output.1)).path
            #expect(FileManager.default.fileExists(atPath: target), "\(match.output.1)")
        }
    }
}
