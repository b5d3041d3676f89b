import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Commands

@Suite("The command line")
struct CommandLineTests {
    @Test("--help prints the commands on standard output and exits with 0")
    func help() async {
        let ended = await CommandHarness().run("--help")
        #expect(ended.status == .done)
        #expect(ended.talk.isEmpty)
        for name in ["up", "down", "status", "doctor", "schema", "mapping", "config", "completion"] {
            #expect(ended.output.contains("\n  \(name) "), "\(name)")
        }
    }

    @Test("--version prints the version and exits with 0")
    func version() async {
        let ended = await CommandHarness().run("--version")
        #expect(ended.status == .done)
        #expect(ended.output == "\(CortexTool.version)\n")
    }

    @Test("the help of a command is its own", arguments: ["status", "up", "down", "doctor", "completion"])
    func helpOfCommand(name: String) async {
        let ended = await CommandHarness().run(name, "--help")
        #expect(ended.status == .done)
        #expect(ended.output.contains("USAGE: cortex \(name)"))
        for option in ["--output", "--quiet", "--verbose", "--color", "--home", "--config"] {
            #expect(ended.output.contains(option), "\(option)")
        }
    }

    @Test(
        "a wrong command line exits with 64, says why and how on standard error, and prints no data",
        arguments: [
            ["bogus"], ["status", "--bogus"], ["status", "extra"], ["status", "--output", "xml"],
            ["completion", "tcsh"],
            ["completion"], ["status", "--quiet", "--verbose"], ["down", "--yes=maybe"], ["status", "--home"],
        ]
    )
    func usage(arguments: [String]) async {
        let ended = await CommandHarness().run(arguments)
        #expect(ended.status == .usage)
        #expect(ended.output.isEmpty)
        #expect(ended.talk.hasPrefix("error: "))
        #expect(ended.talk.contains("\n  hint: "))
    }

    @Test(
        "with --output json a wrong command line is one JSON document on standard output",
        arguments: [
            ["bogus", "--output", "json"], ["status", "--output=json", "--bogus"],
            ["--output", "json", "status", "--bogus"],
            ["status", "--quiet", "--verbose", "--output", "json"],
        ]
    )
    func usageAsJSON(arguments: [String]) async throws {
        let ended = await CommandHarness().run(arguments)
        #expect(ended.status == .usage)
        #expect(ended.talk.isEmpty)
        let error = try #require(ended.error)
        #expect(error["code"] as? String == "usage")
        #expect(error.keys.sorted() == ["cause", "code", "details", "hint", "message"])
        #expect((error["message"] as? String)?.isEmpty == false)
    }

    @Test("with --output ndjson an error is one line")
    func usageAsLines() async {
        let ended = await CommandHarness().run("status", "--bogus", "--output", "ndjson")
        #expect(ended.output.split(separator: "\n").count == 1)
        #expect(ended.error?["code"] as? String == "usage")
    }

    @Test(
        "help and version are documents with --output json",
        arguments: [["--help"], ["--version"], ["status", "--help"], ["config"]]
    )
    func helpAsJSON(arguments: [String]) async {
        let ended = await CommandHarness().run(arguments + ["--output", "json"])
        #expect(ended.document != nil)
    }

    @Test("global options may stand before the command")
    func optionsFirst() async {
        let ended = await CommandHarness().run("--output", "json", "--quiet", "config", "show")
        #expect(ended.status == .done)
        #expect(ended.document?["settings"] != nil)
    }

    @Test("moving global options keeps what is behind -- where it is")
    func moved() {
        #expect(
            GlobalOptions.movedBehindCommand(["--output", "json", "a", "--", "b"]) == [
                "a", "--output", "json", "--", "b",
            ]
        )
        #expect(GlobalOptions.movedBehindCommand(["--home=x", "a"]) == ["a", "--home=x"])
        #expect(GlobalOptions.movedBehindCommand(["--quiet"]) == ["--quiet"])
        #expect(GlobalOptions.movedBehindCommand(["a", "--output", "json"]) == ["a", "--output", "json"])
        #expect(GlobalOptions.movedBehindCommand(["--output"]) == ["--output"])
    }

    @Test(
        "every command gives one document with --output json",
        arguments: [["config", "show"], ["completion", "bash"], ["status"]]
    )
    func documents(arguments: [String]) async throws {
        try await withTemporaryDirectory { folder in
            var harness = CommandHarness()
            harness.workingDirectory = folder
            let ended = await harness.run(arguments + ["--output", "json"])
            #expect(ended.status == .done)
            #expect(ended.document != nil, "\(ended.output)")
        }
    }

    @Test("the completion script of each shell names the commands", arguments: ["bash", "zsh", "fish"])
    func completion(shell: String) async {
        let ended = await CommandHarness().run("completion", shell)
        #expect(ended.status == .done)
        #expect(ended.output.contains("doctor"))
    }
}

@Suite("Settings of a command")
struct CommandSettingsTests {
    @Test("cortex.yaml of the working directory is read, --config names another, and each value shows its source")
    func settingsFile() async throws {
        try await withTemporaryDirectory { folder in
            try Data("port: 4000\n".utf8).write(to: URL(filePath: folder + "/cortex.yaml"))
            try Data("port: 5000\n".utf8).write(to: URL(filePath: folder + "/other.yaml"))
            var harness = CommandHarness()
            harness.workingDirectory = folder
            #expect(await harness.run("config", "show").output.contains("4000       cortex.yaml:1"))
            #expect(await harness.run("config", "show", "--config", "other.yaml").output.contains("other.yaml:1"))
            harness.environment["PORT"] = "6000"
            #expect(await harness.run("config", "show").output.contains("environment PORT"))
            #expect(await harness.run("config", "show", "--home", "/x").output.contains("flag --home"))
        }
    }

    @Test("a settings file with an unknown key, or a missing one that was named, is an error with its place")
    func badSettingsFile() async throws {
        try await withTemporaryDirectory { folder in
            try Data("home: a\nprot: 1\n".utf8).write(to: URL(filePath: folder + "/cortex.yaml"))
            var harness = CommandHarness()
            harness.workingDirectory = folder
            let unknown = await harness.run("config", "show", "--output", "json")
            #expect(unknown.status == .usage)
            #expect(unknown.error?["message"] as? String == "cortex.yaml:2: prot is not a setting")
            #expect(unknown.error?["hint"] as? String == "Did you mean port?")
            let missing = await harness.run("config", "show", "--config", "none.yaml", "--output", "json")
            #expect(missing.error?["code"] as? String == "file.cannot_read")
        }
    }

    @Test("a password is in no output, whatever the format and the failure", arguments: ["text", "json", "ndjson"])
    func canary(format: String) async throws {
        let canary = "hunter2canary"
        try await withTemporaryDirectory { folder in
            var harness = CommandHarness()
            harness.workingDirectory = folder
            let urls = [
                "postgres://u:\(canary)@127.0.0.1:1/d", "host=127.0.0.1 port=1 password='\(canary)'", "bad:\(canary)@h",
            ]
            for url in urls {
                harness.environment["DATABASE_URL"] = url
                for arguments in [["config", "show"], ["status"], ["doctor"], ["status", "--target", url]] {
                    let ended = await harness.run(arguments + ["--output", format, "--verbose"])
                    let text = ended.output + ended.talk
                    let isEcho = arguments.last == url && !url.contains("//") && !url.contains("=")
                    #expect(isEcho || !text.contains(canary), "\(arguments) \(text)")
                }
            }
        }
    }
}

@Suite("Confirmations and interruptions")
struct ConfirmationTests {
    @Test("what destroys data wants --yes where nobody can be asked, and does nothing without")
    func needsYes() async throws {
        try await withTemporaryDirectory { folder in
            var harness = CommandHarness()
            harness.workingDirectory = folder
            let ended = await harness.run("down", "--purge", "--output", "json")
            #expect(ended.status == .usage)
            #expect(ended.error?["code"] as? String == "confirmation.required")
            harness.terminal = TerminalFacts(canAsk: true, isTerminal: true, width: 80)
            harness.answer = "n"
            let refused = await harness.run("down", "--purge")
            #expect(refused.status == .usage)
            #expect(refused.talk.contains("? [y/N] "))
        }
    }

    @Test("an interruption cancels the command, which exits with 75")
    func interruption() async throws {
        var harness = CommandHarness()
        harness.interruptible = { onInterrupt, _ in
            onInterrupt()
            throw CancellationError()
        }
        let ended = await harness.run("config", "show", "--output", "json")
        #expect(ended.status == .interrupted)
        #expect(ended.error?["code"] as? String == "interrupted")
        #expect(ended.talk.contains("stopping"))
    }

    @Test("an error that is not ours is an internal one with its cause")
    func unexpected() async throws {
        struct Odd: Error {}
        var harness = CommandHarness()
        harness.interruptible = { _, _ in throw Odd() }
        let ended = await harness.run("config", "show", "--output", "json")
        #expect(ended.status == .failed)
        #expect(ended.error?["code"] as? String == "internal")
        #expect(ended.error?["cause"] as? String == "Odd()")
    }

    @Test("an error after the result replaces the result: there is one document")
    func oneDocument() async throws {
        var harness = CommandHarness()
        harness.interruptible = { _, work in
            _ = try await work()
            throw CommandError(.diskFull, "late")
        }
        let ended = await harness.run("config", "show", "--output", "json")
        #expect(ended.status == .cannotWrite)
        #expect(ended.document?.keys.sorted() == ["error"])
    }
}

@Suite("Targets")
struct TargetTests {
    @Test("k3s and what is no URL are usage errors", arguments: ["k3s", "somewhere", "mysql://h/d", "http://h"])
    func refused(text: String) async throws {
        let ended = await CommandHarness().run("status", "--target", text, "--output", "json")
        #expect(ended.status == .usage)
        #expect(ended.error?["code"] as? String == "usage")
    }

    @Test("a server that does not answer is unreachable for status and fails doctor with 69")
    func unreachable() async throws {
        let url = "postgres://u@127.0.0.1:1/d"
        let status = await CommandHarness().run("status", "--target", url, "--output", "json")
        #expect((status.document?["postgres"] as? [String: Any])?["state"] as? String == "unreachable")
        let doctor = await CommandHarness().run("doctor", "--target", url, "--output", "json")
        #expect(doctor.status == .unavailable)
        #expect(doctor.document?["passed"] as? Bool == false)
    }

    @Test("a database that answers passes the doctor")
    func answers() async throws {
        try await TestDatabase.withDatabase { url in
            let doctor = await CommandHarness().run("doctor", "--target", url, "--output", "json")
            #expect(doctor.status == .done, "\(doctor.output)")
            let status = await CommandHarness().run("status", "--target", url, "--output", "json")
            #expect(status.document?["mode"] as? String == "json")
            #expect((status.document?["postgres"] as? [String: Any])?["state"] as? String == "running")
        }
    }
}

@Suite("The last run")
struct RunHistoryTests {
    @Test("the newest by its own time is reported; a broken report is passed over")
    func newest() async throws {
        try await withTemporaryDirectory { folder in
            let runs = [
                ("a", #"{"run_id":"a","status":"completed","started_at":"2025-11-02T00:00:00Z"}"#),
                ("z", #"{"run_id":"z","status":"failed","started_at":"2025-11-01T00:00:00Z"}"#), ("broken", "{"),
            ]
            for (name, text) in runs {
                let directory = URL(filePath: folder + "/runs/" + name)
                try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
                try Data(text.utf8).write(to: directory.appending(path: "POSTGRES-MIGRATION-REPORT.json"))
            }
            #expect(
                RunHistory(directory: folder + "/runs").newest()
                    == StatusReport.LastRun(runID: "a", status: "completed")
            )
            #expect(RunHistory(directory: folder + "/none").newest() == nil)
        }
    }
}
