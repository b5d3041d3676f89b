import Diagnostics
import Processes
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite("Child processes")
struct ChildProcessTests {
    private func shell(
        _ script: String,
        _ arguments: String...,
        input: String = "",
        account: Account? = nil
    ) -> ChildCommand {
        ChildCommand("/bin/sh", ["-c", script, "sh"] + arguments, input: Array(input.utf8), account: account)
    }

    @Test("output, errors and status come back apart")
    func capture() async throws {
        let result = try await ChildProcess.run(shell("cat; echo bad >&2; exit 3", input: "good\n"))
        #expect(result.outputText == "good")
        #expect(result.errorText == "bad")
        #expect(result.ending == .exited(3))
        #expect(!result.succeeded)
        #expect(!result.isTruncated)
        #expect(try await ChildProcess.run(shell("kill -9 $$")).ending == .signalled(9))
    }

    @Test("input of any size arrives, and a child that ignores it does no harm", arguments: [0, 1, 70_000, 3_000_000])
    func input(_ count: Int) async throws {
        let bytes = [UInt8](repeating: 0x61, count: count)
        var command = shell("wc -c")
        command.input = bytes
        #expect(try await ChildProcess.runChecked(command).outputText.hasSuffix("\(count)"))
        command = shell("exec true")
        command.input = bytes
        #expect(try await ChildProcess.run(command).succeeded)
    }

    @Test("arguments arrive as they are, without a shell in between")
    func arguments() async throws {
        let words = ["a b", "", "$HOME", "*", "ü", "'\""]
        let result = try await ChildProcess.runChecked(ChildCommand("/usr/bin/printf", ["%s\\n"] + words))
        #expect(String(decoding: result.output, as: UTF8.self) == words.map { $0 + "\n" }.joined())
    }

    @Test("more output than the limit is dropped and said, and the child is not held up")
    func bounded() async throws {
        let result = try await ChildProcess.run(shell("head -c 3000000 /dev/zero; echo end >&2"), outputLimit: 1_000)
        #expect(result.output.count == 1_000)
        #expect(result.isTruncated)
        #expect(result.errorText == "end")
        #expect(result.succeeded)
    }

    @Test("a child past its deadline is ended")
    func deadline() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let error = await #expect(throws: ProcessesError.self) {
            try await ChildProcess.run(shell("exec sleep 600"), deadline: .milliseconds(100))
        }
        #expect(error?.code == .processFailed)
        #expect(error?.message.contains("did not end") == true)
        // Far from both ends: a slow machine takes its time to notice.
        #expect(clock.now - start < .seconds(300))
    }

    @Test("cancelling the caller ends the child")
    func cancelled() async throws {
        let mark = "cortex-cancel-\(UInt32.random(in: 0...UInt32.max))"
        await #expect(throws: CancellationError.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await ChildProcess.run(shell("while :; do sleep 0.05; done", mark)) }
                while ProcessTable.mentioning(mark).isEmpty { await Task.yield() }
                group.cancelAll()
                try await group.waitForAll()
            }
        }
        #expect(ProcessTable.mentioning(mark).isEmpty)
    }

    @Test("a program that is not there is named")
    func missing() async {
        let error = await #expect(throws: ProcessesError.self) {
            try await ChildProcess.run(ChildCommand("/nonexistent/program"))
        }
        #expect(error?.code == .programMissing)
        #expect(error?.details["program"] == "/nonexistent/program")
    }

    @Test("a failure tells the first line of what was said, without passwords")
    func failure() async {
        let error = await #expect(throws: ProcessesError.self) {
            try await ChildProcess.runChecked(
                shell("echo 'no way to postgresql://u:hunter2@h/d' >&2; echo more >&2; exit 9")
            )
        }
        #expect(error?.description == "sh failed with status 9: no way to postgresql://u:***@h/d")
        #expect(error?.details["output"]?.contains("more") == true)
        #expect(error?.details["output"]?.contains("hunter2") == false)
    }

    @Test("the caller's variables are not inherited")
    func environment() async {
        // A process of its own: other threads read the environment meanwhile.
        await #expect(processExitsWith: .success) {
            setenv("PGHOST_FOR_TEST", "elsewhere", 1)
            var command = ChildCommand("/bin/sh", ["-c", "echo ${PGHOST_FOR_TEST-unset} $LC_ALL $MINE"])
            command.environment = ["MINE": "mine"]
            let output = try await ChildProcess.runChecked(command).outputText
            #expect(output == "unset C mine")
        }
    }

    @Test("root can run a child as another user, with that user's groups only")
    func otherUser() async throws {
        guard Account.current.isSuperuser, let account = Account.named("nobody") else { return }
        let result = try await ChildProcess.runChecked(shell("id -u; id -g; id -G; pwd", account: account))
        let groups = Set(account.groups.map(String.init))
        let lines = result.outputText.split(separator: "\n").map(String.init)
        #expect(lines.prefix(2) == ["\(account.userID)", "\(account.groupID)"])
        #expect(Set(lines[2].split(separator: " ").map(String.init)) == groups)
        #expect(lines[3] == "/")
    }

    @Test("a command is described as a shell would take it")
    func description() {
        #expect(
            "\(ChildCommand("/bin/echo", ["a b", "it's", "", "plain-1"]))" == "/bin/echo 'a b' 'it'\\''s' '' plain-1"
        )
    }
}

@Suite("Daemons and the process table")
struct DaemonTests {
    @Test("a daemon runs in a session of its own, writes to its log, and its id is right")
    func daemon() async throws {
        try await withTemporaryDirectory { directory in
            let log = "\(directory)/log"
            let command = ChildCommand("/bin/sh", ["-c", "echo $$; echo bad >&2; exec sleep 600", "mark"])
            let pid = try await Daemon.launch(command, log: log)
            defer { ProcessTable.signal(pid, SIGKILL) }
            while SmallFile.size(of: log) < 5 { await Task.yield() }
            #expect(try SmallFile.readText(log)?.split(separator: "\n").first == Substring("\(pid)"))
            #expect(getsid(pid) != getsid(0))
            #expect(ProcessTable.isRunning(pid))
            ProcessTable.signal(pid, SIGTERM)
            #expect(try await ProcessTable.waitForExit(of: pid, within: .seconds(10)))
            #expect(try SmallFile.readText(log)?.hasSuffix("bad") == true)
        }
    }

    @Test("a daemon's log that cannot be opened is an error")
    func badLog() async {
        let error = await #expect(throws: ProcessesError.self) {
            try await Daemon.launch(ChildCommand("/bin/true"), log: "/nonexistent/log")
        }
        #expect(error?.code == .cannotWrite)
    }

    @Test("what the system says about this process is true")
    func table() async throws {
        #expect(ProcessTable.isRunning(getpid()))
        #expect(!ProcessTable.isRunning(0))
        #expect(!ProcessTable.isRunning(Int32.max))
        #expect(!ProcessTable.arguments(of: getpid()).isEmpty)
        #if os(Linux)
        #expect(ProcessTable.all().contains(getpid()))
        let directory = try #require(ProcessTable.workingDirectory(of: getpid()))
        #expect(ProcessTable.workingIn(directory).contains(getpid()))
        #endif
        #expect(try await !ProcessTable.waitForExit(of: getpid(), within: .milliseconds(1)))
    }

    @Test("a port that was chosen is free until somebody listens")
    func ports() throws {
        let port = try FreePort.choose()
        #expect(port > 1_023)
        #expect(FreePort.isFree(port))
    }
}
