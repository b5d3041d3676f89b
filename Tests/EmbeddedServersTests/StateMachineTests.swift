import Testing

@testable import EmbeddedServers

@Suite("Start of PostgreSQL, step by step")
struct PostgresStartStateMachineTests {
    typealias Machine = PostgresStartStateMachine

    /// Facts in the order in which they are seen, and the actions that follow.
    struct Course: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let facts: [PostgresFacts]
        let actions: [Machine.Action]
    }

    static let complete = PostgresFacts(data: .complete(major: 15), installedMajor: 15)

    static func facts(_ change: (inout PostgresFacts) -> Void) -> PostgresFacts {
        var facts = complete
        change(&facts)
        return facts
    }

    static let absent = facts { $0.data = .absent }
    static let running = facts { $0.server = 7 }
    static let ready = facts {
        $0.server = 7
        $0.isReady = true
    }

    static let courses = [
        Course(
            testDescription: "new",
            facts: [absent, complete, ready],
            actions: [.initialise, .start, .ready(wasStarted: true)]
        ),
        Course(testDescription: "up already", facts: [ready], actions: [.ready(wasStarted: false)]),
        Course(
            testDescription: "starting",
            facts: [running, ready],
            actions: [.awaitReady(7), .ready(wasStarted: false)]
        ),
        Course(testDescription: "stopped", facts: [complete, ready], actions: [.start, .ready(wasStarted: true)]),
        Course(
            testDescription: "killed, sessions left",
            facts: [facts { $0.orphans = [8, 9] }, complete, ready],
            actions: [.endOrphans([8, 9]), .start, .ready(wasStarted: true)]
        ),
        Course(
            testDescription: "pid reused, sessions left",
            facts: [
                facts {
                    $0.orphans = [8]
                    $0.reusedPID = 5
                }, facts { $0.reusedPID = 5 }, complete, ready,
            ],
            actions: [.endOrphans([8]), .removePIDFile, .start, .ready(wasStarted: true)]
        ),
        Course(
            testDescription: "files removed beneath a server",
            facts: [
                facts {
                    $0.data = .absent
                    $0.orphans = [8]
                }, absent, complete, ready,
            ],
            actions: [.endOrphans([8]), .initialise, .start, .ready(wasStarted: true)]
        ),
        Course(
            testDescription: "other version",
            facts: [facts { $0.installedMajor = 16 }],
            actions: [.fail(.wrongVersion(data: 15, installed: 16))]
        ),
        Course(
            testDescription: "other version, but it runs",
            facts: [
                facts {
                    $0.installedMajor = 16
                    $0.server = 7
                    $0.isReady = true
                }
            ],
            actions: [.ready(wasStarted: false)]
        ),
        Course(testDescription: "foreign", facts: [facts { $0.data = .foreign }], actions: [.fail(.foreignData)]),
        Course(
            testDescription: "ends at once",
            facts: [complete, complete],
            actions: [.start, .fail(.stuck(.start))]
        ),
        Course(
            testDescription: "never ready",
            facts: [running, running],
            actions: [.awaitReady(7), .fail(.stuck(.awaitReady(7)))]
        ),
        Course(
            testDescription: "no effect",
            facts: [absent, absent],
            actions: [.initialise, .fail(.stuck(.initialise))]
        ),
    ]

    @Test("each sight of things gives its action", arguments: courses)
    func course(_ course: Course) {
        var machine = Machine()
        #expect(course.facts.map { machine.observed($0) } == course.actions)
    }
}

@Suite("Stop of a server, step by step")
struct StopStateMachineTests {
    private func machine() -> StopStateMachine {
        StopStateMachine(pid: 7, gentleSignal: 2, firmSignal: 3, patience: .seconds(30))
    }

    @Test("a server that ends after its first signal gets no other")
    func gentle() {
        var machine = machine()
        #expect(machine.start() == .signal(pid: 7, 2, wait: .seconds(30)))
        #expect(machine.exited() == .done)
    }

    @Test("each deadline brings a harder signal, and after SIGKILL it gives up")
    func harder() {
        var machine = machine()
        _ = machine.start()
        #expect(machine.deadlinePassed() == .signal(pid: 7, 3, wait: .seconds(10)))
        #expect(machine.deadlinePassed() == .signal(pid: 7, 9, wait: .seconds(10)))
        #expect(machine.deadlinePassed() == .giveUp(pid: 7))
    }

    @Test("it may end at any step", arguments: 0...2)
    func ends(after deadlines: Int) {
        var machine = machine()
        _ = machine.start()
        for _ in 0..<deadlines { _ = machine.deadlinePassed() }
        #expect(machine.exited() == .done)
    }
}
