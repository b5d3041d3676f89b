import Diagnostics
import EmbeddedServers
import Processes
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension RealServers {
    @Suite("Embedded stack in odd places", .serialized)
    struct EmbeddedStackPlacesTests {
        @Test("below a directory that only root can enter, data goes elsewhere, is said, and goes with a purge")
        func closedHome() async throws {
            guard Account.current.isSuperuser else { return }
            try await withTemporaryDirectory { directory in
                #expect(Directory.mode(of: directory) == 0o700)
                let stack = EmbeddedStack(home: try CortexHome("\(directory)/clone/.cortex"))
                let endpoints = try await stack.up()
                #expect(endpoints.notes.count == 1)
                #expect(endpoints.notes.first?.contains("/var/lib/cortex/") == true)
                #expect(endpoints.sockets.hasPrefix("/var/lib/cortex/"))
                #expect(Directory.mode(of: directory) == 0o700)
                #expect(try await psql(endpoints.postgresURL, "SELECT current_user;") == "cortex")
                let again = try await stack.up()
                #expect(again == endpoints)
                try await stack.down(purge: true)
                #expect(!Directory.exists(Directory.parent(of: endpoints.sockets)))
                #expect(!Directory.exists(stack.home.path))
            }
        }

        @Test("a path of 200 bytes with blanks and quotes works; its sockets are in a short directory")
        func longPath() async throws {
            let name = "a home with 'quotes\" and ünicode " + String(repeating: "x", count: 160)
            try await withStack(home: name) { stack in
                #expect(stack.home.path.utf8.count > 200)
                let endpoints = try await stack.up()
                #expect(endpoints.sockets.hasPrefix("/tmp/cortex-"))
                #expect(Directory.mode(of: endpoints.sockets) == 0o700)
                #expect(try await psql(endpoints.postgresURL, "SELECT 1;") == "1")
                #expect(try await psql(endpoints.superuserLoopbackURL, "SELECT 1;") == "1")
                try await stack.down(purge: true)
                #expect(!Directory.exists(endpoints.sockets))
            }
        }

        @Test("a link in the place of the short directory is refused")
        func forgedRuntimeDirectory() async throws {
            try await withServedDirectory { directory in
                let path = "\(directory)/" + String(repeating: "y", count: 120)
                let stack = EmbeddedStack(home: try CortexHome(path))
                let first = try await stack.up()
                try await stack.down(purge: true)
                #expect(symlink("/", first.sockets) == 0)
                defer { unlink(first.sockets) }
                let error = await #expect(throws: EmbeddedServersError.self) { _ = try await stack.up() }
                #expect(error?.code == .notPermitted)
                unlink(first.sockets)
                try await stack.down(purge: true)
            }
        }

        @Test("a port that was asked for and is taken is an error; the one of the last start is merely replaced")
        func takenPort() async throws {
            try await withListener { port in
                var configuration = EmbeddedStackConfiguration()
                configuration.postgresPort = port
                try await withStack(configuration: configuration) { stack in
                    let error = await #expect(throws: EmbeddedServersError.self) { _ = try await stack.up() }
                    #expect(error?.code == .portTaken)
                    #expect(error?.details["port"] == String(port))
                    #expect(await stack.diagnose().first { $0.name == "ports" }?.outcome == .fail)
                    let free = EmbeddedStack(home: stack.home)
                    _ = try await free.up()
                    try await free.down()
                    try SmallFile.write(text: "\(port)\n", to: "\(stack.home.run)/postgres.port")
                    try SmallFile.write(text: "\(port)\n", to: "\(stack.home.run)/redis.port")
                    let endpoints = try await free.up()
                    #expect(endpoints.postgresPort != port)
                    #expect(!endpoints.redisURL.hasSuffix(":\(port)"))
                }
            }
        }

        @Test("three at once take turns and agree")
        func concurrentUp() async throws {
            try await withStack { stack in
                let all = try await withThrowingTaskGroup(of: EmbeddedEndpoints.self) { group in
                    for _ in 0..<3 { group.addTask { try await stack.up() } }
                    return try await group.reduce(into: [EmbeddedEndpoints]()) { $0.append($1) }
                }
                #expect(Set(all).count == 1)
            }
        }

        @Test("a purge leaves nothing but backups and reports of runs")
        func purge() async throws {
            try await withStack { stack in
                _ = try await stack.up()
                try SmallFile.write(text: "x", to: "\(stack.home.backups)/one.dump")
                try await stack.down(purge: true)
                #expect(Directory.entries(of: stack.home.path) == [".cortex-home", "backups"])
                #expect(processes(of: stack).isEmpty)
                try Directory.remove("\(stack.home.backups)/one.dump")
                try await stack.down(purge: true)
                #expect(!Directory.exists(stack.home.path))
                try await stack.down(purge: true)
            }
        }

        @Test("a directory that holds another program's data is no home")
        func foreignDirectory() async throws {
            try await withTemporaryDirectory { directory in
                try Directory.make("\(directory)/redis")
                let stack = EmbeddedStack(home: try CortexHome(directory))
                let error = await #expect(throws: EmbeddedServersError.self) { _ = try await stack.up() }
                #expect(error?.code == .settingInvalid)
                try await stack.down(purge: true)
                #expect(Directory.entries(of: directory) == ["redis"])
            }
        }

        @Test("programs that are missing are named, and nothing is written")
        func missingPrograms() async throws {
            try await withTemporaryDirectory { directory in
                var configuration = EmbeddedStackConfiguration()
                configuration.search = ServerSearch(only: [directory])
                let home = try CortexHome("\(directory)/home")
                let stack = EmbeddedStack(home: home, configuration: configuration)
                let error = await #expect(throws: EmbeddedServersError.self) { _ = try await stack.up() }
                #expect(error?.code == .programMissing)
                #expect(error?.hint?.contains("scripts/setup") == true)
                #expect(!Directory.exists(home.path))
                let checks = await stack.diagnose()
                #expect(checks.filter { $0.outcome == .fail }.map(\.name) == ["postgresql", "redis"])
            }
        }

        /// A port of 127.0.0.1 that is listened on during the body, by this process.
        private func withListener<R>(_ body: (UInt16) async throws -> R) async throws -> R {
            #if canImport(Glibc)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
            #endif
            defer { close(descriptor) }
            #expect(fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let port = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic -> UInt16? in
                    guard bind(descriptor, generic, size) == 0, listen(descriptor, 8) == 0,
                        getsockname(descriptor, generic, &size) == 0
                    else { return nil }
                    return UInt16(bigEndian: pointer.pointee.sin_port)
                }
            }
            return try await body(try #require(port))
        }
    }
}
