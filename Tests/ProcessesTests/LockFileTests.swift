import Diagnostics
import Processes
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite("Lock files")
struct LockFileTests {
    @Test("a held lock names its holder, and a waiter gets it when it is free")
    func held() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/run/lock"
            #expect(!LockFile.isHeld(at: path))
            try await LockFile.withLock(at: path, holder: "cortex up") {
                #expect(LockFile.isHeld(at: path))
                let error = await #expect(throws: ProcessesError.self) {
                    try await LockFile.withLock(at: path, holder: "cortex down") {}
                }
                #expect(error?.code == .runLocked)
                #expect(error?.message.contains("process \(getpid()) (cortex up)") == true)
                #expect(error?.details["command"] == "cortex up")
            }
            #expect(LockFile.holder(of: path) == nil && !LockFile.isHeld(at: path))
            let value = try await LockFile.withLock(at: path, holder: "cortex down") { 5 }
            #expect(value == 5)
        }
    }

    @Test("many who wait take turns, also when the file is removed meanwhile")
    func turns() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/run/lock"
            let count = "\(directory)/count"
            try SmallFile.write(text: "0", to: count)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for round in 0..<8 {
                    group.addTask {
                        try await LockFile.withLock(at: path, holder: "t\(round)", patience: .seconds(30)) {
                            let value = try #require(Int(try SmallFile.readText(count) ?? ""))
                            await Task.yield()
                            try SmallFile.write(text: String(value + 1), to: count)
                            if round == 3 { try Directory.remove("\(directory)/run") }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try SmallFile.readText(count) == "8")
        }
    }

    @Test("a daemon that is started under the lock does not hold it")
    func notInherited() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/lock"
            let pid = try await LockFile.withLock(at: path, holder: "a") {
                try await Daemon.launch(ChildCommand("/bin/sleep", ["600"]), log: "/dev/null")
            }
            defer { ProcessTable.signal(pid, SIGKILL) }
            try await LockFile.withLock(at: path, holder: "b") {}
        }
    }
}
