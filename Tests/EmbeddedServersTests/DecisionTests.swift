import Diagnostics
import Processes
import Testing

@testable import EmbeddedServers

@Suite("Decisions about places and ports")
struct DecisionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var home = "/srv/clone/.cortex"
        var drops = true
        var reachable = true
        var here = false
        var elsewhere = false
        let data: String?
        var sockets = "/srv/clone/.cortex/run/sockets"
        var notes = 0
    }

    static let long = "/srv/" + String(repeating: "x", count: 80)

    static let cases = [
        Case(testDescription: "ordinary user", drops: false, reachable: true, data: "/srv/clone/.cortex/postgres"),
        Case(testDescription: "root, open", data: "/srv/clone/.cortex/postgres"),
        Case(
            testDescription: "root, closed",
            reachable: false,
            data: "/var/lib/cortex/#/postgres",
            sockets: "/var/lib/cortex/#/run",
            notes: 1
        ),
        Case(
            testDescription: "root, opened later",
            elsewhere: true,
            data: "/var/lib/cortex/#/postgres",
            sockets: "/var/lib/cortex/#/run",
            notes: 1
        ),
        Case(testDescription: "root, closed later", reachable: false, here: true, data: nil),
        Case(
            testDescription: "long path",
            home: long,
            drops: false,
            data: "\(long)/postgres",
            sockets: "/tmp/cortex-#",
            notes: 1
        ),
        Case(
            testDescription: "long path, closed",
            home: long,
            reachable: false,
            data: "/var/lib/cortex/#/postgres",
            sockets: "/var/lib/cortex/#/run",
            notes: 1
        ),
    ]

    @Test("data and sockets go where the servers' user reaches them", arguments: cases)
    func placement(_ given: Case) throws {
        let home = try CortexHome(given.home)
        let facts = PlacementFacts(
            home: home,
            dropsPrivileges: given.drops,
            isReachable: given.reachable,
            hasDataInHome: given.here,
            hasDataElsewhere: given.elsewhere
        )
        guard let data = given.data else {
            let error = #expect(throws: EmbeddedServersError.self) { try PlacementDecision.decide(facts) }
            #expect(error?.code == .notPermitted)
            return
        }
        let placement = try PlacementDecision.decide(facts)
        #expect(placement.postgres == data.replacing("#", with: home.shortName))
        #expect(placement.sockets == given.sockets.replacing("#", with: home.shortName))
        #expect(placement.notes.count == given.notes)
    }

    @Test("a port that was asked for is used or refused; a recorded one is used if free")
    func ports() {
        let free: (UInt16) -> Bool = { $0 < 2_000 }
        #expect(PortDecision.decide(asked: nil, recorded: nil, isFree: free) == .choose)
        #expect(PortDecision.decide(asked: nil, recorded: 1_500, isFree: free) == .use(1_500))
        #expect(PortDecision.decide(asked: nil, recorded: 2_500, isFree: free) == .choose)
        #expect(PortDecision.decide(asked: 1_600, recorded: 1_500, isFree: free) == .use(1_600))
        #expect(PortDecision.decide(asked: 2_600, recorded: 1_500, isFree: free) == .taken(2_600))
    }

    @Test("root runs the servers as postgres, anybody else as himself")
    func account() throws {
        let root = Account(testing: "root", 0)
        let postgres = Account(testing: "postgres", 101)
        let me = Account(testing: "me", 1_000)
        #expect(try ServerAccount.resolve(caller: me, find: { _ in nil }) == me)
        #expect(try ServerAccount.resolve(caller: root, find: { $0 == "postgres" ? postgres : nil }) == postgres)
        let error = #expect(throws: EmbeddedServersError.self) {
            try ServerAccount.resolve(caller: root, find: { _ in nil })
        }
        #expect(error?.code == .notPermitted)
        #expect(error?.hint?.contains("useradd") == true)
    }

    @Test(
        "tuning is the plan's from 2 GiB on and scaled below",
        arguments: [(64, "256MB", "1024MB", "8MB"), (2, "256MB", "1024MB", "8MB"), (1, "128MB", "512MB", "4MB")]
    )
    func tuning(_ gibibytes: Int64, _ buffers: String, _ cache: String, _ work: String) {
        let settings = PostgresTuning.settings(memory: gibibytes << 30, sharedMemoryBytes: 1 << 30, processors: 2)
        #expect(settings["shared_buffers"] == buffers)
        #expect(settings["effective_cache_size"] == cache)
        #expect(settings["work_mem"] == work)
        #expect(settings["max_connections"] == "120")
        #expect(settings["max_parallel_maintenance_workers"] == "0")
        #expect(settings["dynamic_shared_memory_type"] == nil)
        let container = PostgresTuning.settings(memory: gibibytes << 30, sharedMemoryBytes: 64 << 20, processors: 16)
        #expect(container["dynamic_shared_memory_type"] == "mmap")
        #expect(container["max_parallel_maintenance_workers"] == "2")
    }

    @Test(
        "a log tells why a server did not start",
        arguments: [
            ("FATAL:  could not write lock file: No space left on device", ErrorCode.diskFull),
            ("LOG:  could not bind IPv4 address \"127.0.0.1\": Address already in use", .portTaken),
            (
                "# Warning: Could not create server TCP listening socket 127.0.0.1:1: bind: Address already in use",
                .portTaken
            ),
            ("FATAL:  database files are incompatible with server", .serverStartFailed),
            ("something else", .serverStartFailed), ("", .serverStartFailed),
        ]
    )
    func startFailures(_ log: String, _ code: ErrorCode) {
        let error = StartFailure.postgres(log: "/x/log", tail: log)
        #expect(error.code == code)
        #expect(error.hint != nil)
        #expect(error.details["log"] == log)
    }
}

extension Account {
    init(testing name: String, _ userID: UInt32) {
        self.init(name: name, userID: userID, groupID: userID, groups: [userID])
    }
}
