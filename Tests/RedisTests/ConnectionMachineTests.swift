import Diagnostics
import NIOCore
import RESP
import Testing

@testable import Redis

/// An error reply.
func refusal(_ text: String) -> RESPValue { .error(Array(text.utf8)) }

/// A simple string.
func word(_ text: String) -> RESPValue { .simpleString(Array(text.utf8)) }

@Suite("GreetingStateMachine")
struct GreetingStateMachineTests {
    struct Story: Sendable, CustomTestStringConvertible {
        let name: String
        var hasLogin = false
        var selects = false
        let replies: [RESPValue]
        let actions: [String]
        var testDescription: String { name }
    }

    static func text(_ action: GreetingStateMachine.Action) -> String {
        switch action {
        case .send(let step): "\(step)"
        case .done(let version): "done \(version)"
        case .fail(let error): error.code.rawValue
        }
    }

    static let hello = RESPValue.map([])
    static let unknown = refusal("ERR unknown command 'HELLO'")

    static let stories: [Story] = [
        Story(name: "RESP3", replies: [hello], actions: ["done 3"]),
        Story(name: "RESP3, database", selects: true, replies: [hello, word("OK")], actions: ["select", "done 3"]),
        Story(
            name: "RESP3, no such database",
            selects: true,
            replies: [hello, refusal("ERR DB index is out of range")],
            actions: ["select", "redis.refused"]
        ),
        Story(
            name: "old server",
            replies: [unknown, word("OK"), word("PONG")],
            actions: ["name", "probe", "done 2"]
        ),
        Story(
            name: "old server, everything",
            hasLogin: true,
            selects: true,
            replies: [unknown, word("OK"), refusal("ERR what?"), word("OK"), word("PONG")],
            actions: ["authenticate", "name", "select", "probe", "done 2"]
        ),
        Story(name: "NOPROTO", replies: [refusal("NOPROTO unsupported"), word("OK")], actions: ["name", "probe"]),
        Story(
            name: "may not HELLO",
            hasLogin: true,
            replies: [refusal("NOPERM no"), word("OK"), refusal("NOPERM no"), refusal("NOPERM no")],
            actions: ["authenticate", "name", "probe", "done 2"]
        ),
        Story(name: "no password", replies: [refusal("NOAUTH no")], actions: ["redis.authentication"]),
        Story(
            name: "old server, no password",
            replies: [unknown, refusal("NOAUTH no")],
            actions: ["name", "redis.authentication"]
        ),
        Story(
            name: "wrong password",
            hasLogin: true,
            replies: [refusal("WRONGPASS no")],
            actions: ["redis.authentication"]
        ),
        Story(
            name: "old server, wrong password",
            hasLogin: true,
            replies: [unknown, refusal("ERR invalid password")],
            actions: ["authenticate", "redis.authentication"]
        ),
        Story(name: "protected mode", replies: [refusal("DENIED no")], actions: ["redis.authentication"]),
        Story(
            name: "full",
            replies: [refusal("ERR max number of clients reached")],
            actions: ["redis.unavailable"]
        ),
        Story(
            name: "loading, RESP2",
            replies: [unknown, word("OK"), refusal("LOADING wait")],
            actions: ["name", "probe", "done 2"]
        ),
    ]

    @Test("Replies lead through the greeting", arguments: stories)
    func table(_ story: Story) {
        var machine = GreetingStateMachine(hasLogin: story.hasLogin, selectsDatabase: story.selects)
        #expect(machine.step == .hello)
        #expect(story.replies.map { Self.text(machine.received($0)) } == story.actions)
    }
}

@Suite("RedisConnectionStateMachine")
struct RedisConnectionStateMachineTests {
    typealias Machine = RedisConnectionStateMachine

    static func machine(subscriber: Bool = false) -> Machine {
        Machine(hasLogin: false, selectsDatabase: false, isSubscriber: subscriber)
    }

    static var connecting: Machine {
        var machine = machine()
        _ = machine.submit()
        return machine
    }

    static var greeting: Machine {
        var machine = connecting
        _ = machine.opened(attempt: 1)
        return machine
    }

    static func ready(version: Int = 3, subscriber: Bool = false) -> Machine {
        var machine = machine(subscriber: subscriber)
        _ = machine.wake()
        _ = machine.opened(attempt: 1)
        if version == 2 {
            for reply in [refusal("ERR x"), word("OK"), word("PONG")] { _ = machine.received(reply, attempt: 1) }
        } else {
            _ = machine.received(.map([]), attempt: 1)
        }
        return machine
    }

    static var pausing: Machine {
        var machine = ready()
        _ = machine.lost(attempt: 1)
        return machine
    }

    static var closed: Machine {
        var machine = ready()
        machine.close()
        return machine
    }

    static func text(_ action: Machine.ReplyAction) -> String {
        switch action {
        case .deliver: "deliver"
        case .push: "push"
        case .greet(let step): "greet \(step)"
        case .becomeReady: "ready"
        case .giveUp(let error): "give up: \(error.code.rawValue)"
        case .ignore: "ignore"
        }
    }

    /// Every state against every event.
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let machine: Machine
        let submit: Machine.SubmitAction
        let wakes: Bool
        let opens: Bool
        let reply: String
        let refusal: String
        let loss: Machine.LossAction
        let retries: Bool
        let isConnecting: Bool
        var testDescription: String { name }
    }

    static var rows: [Row] {
        [
            Row(
                name: "idle",
                machine: machine(),
                submit: .connectAndHold,
                wakes: true,
                opens: false,
                reply: "ignore",
                refusal: "ignore",
                loss: .ignore,
                retries: false,
                isConnecting: false
            ),
            Row(
                name: "connecting",
                machine: connecting,
                submit: .hold,
                wakes: false,
                opens: true,
                reply: "ignore",
                refusal: "ignore",
                loss: .pause(failures: 1),
                retries: false,
                isConnecting: true
            ),
            Row(
                name: "greeting",
                machine: greeting,
                submit: .hold,
                wakes: false,
                opens: false,
                reply: "ready",
                refusal: "give up: redis.authentication",
                loss: .pause(failures: 1),
                retries: false,
                isConnecting: true
            ),
            Row(
                name: "ready",
                machine: ready(),
                submit: .send,
                wakes: false,
                opens: false,
                reply: "deliver",
                refusal: "deliver",
                loss: .pause(failures: 1),
                retries: false,
                isConnecting: false
            ),
            Row(
                name: "pausing",
                machine: pausing,
                submit: .refuse,
                wakes: false,
                opens: false,
                reply: "ignore",
                refusal: "ignore",
                loss: .ignore,
                retries: true,
                isConnecting: false
            ),
            Row(
                name: "closed",
                machine: closed,
                submit: .refuse,
                wakes: false,
                opens: false,
                reply: "ignore",
                refusal: "ignore",
                loss: .ignore,
                retries: false,
                isConnecting: false
            ),
        ]
    }

    @Test("Every event in every state does what the table says", arguments: rows)
    func table(_ row: Row) {
        func fresh<R>(_ event: (inout Machine) -> R) -> R {
            var machine = row.machine
            return event(&machine)
        }
        let attempt = row.machine.attempt
        #expect(fresh { $0.submit() } == row.submit)
        #expect(fresh { $0.wake() } == row.wakes)
        #expect((fresh { $0.opened(attempt: attempt) } != nil) == row.opens)
        #expect(Self.text(fresh { $0.received(.map([]), attempt: attempt) }) == row.reply)
        #expect(Self.text(fresh { $0.received(refusal("NOAUTH x"), attempt: attempt) }) == row.refusal)
        #expect(fresh { $0.lost(attempt: attempt) } == row.loss)
        #expect(fresh { $0.retryDue() } == row.retries)
        #expect(row.machine.isConnecting(attempt: attempt) == row.isConnecting)
        let closed = fresh { machine -> Machine.State in
            machine.close()
            return machine.state
        }
        #expect(closed == .closed)
    }

    @Test("What an attempt says that was given up is ignored", arguments: rows)
    func lateWords(_ row: Row) {
        var machine = row.machine
        let stale = machine.attempt - 1
        #expect(machine.opened(attempt: stale) == nil)
        #expect(Self.text(machine.received(word("x"), attempt: stale)) == "ignore")
        #expect(Self.text(machine.received(.push([]), attempt: stale)) == "ignore")
        #expect(machine.lost(attempt: stale) == .ignore)
        #expect(!machine.isConnecting(attempt: stale))
        #expect(machine.state == row.machine.state)
    }

    @Test("Failures count until the connection is ready, then from one again")
    func failures() {
        var machine = Self.connecting
        for count in 1...5 {
            #expect(machine.lost(attempt: machine.attempt) == .pause(failures: count))
            let retries = machine.retryDue()
            #expect(retries)
        }
        _ = machine.opened(attempt: machine.attempt)
        _ = machine.received(.map([]), attempt: machine.attempt)
        #expect(machine.lost(attempt: machine.attempt) == .pause(failures: 1))
    }

    struct Sort: Sendable, CustomTestStringConvertible {
        let name: String
        let machine: Machine
        let value: RESPValue
        let action: String
        var testDescription: String { name }
    }

    static var sorts: [Sort] {
        let message = RESPValue.array([word("message"), word("c"), word("p")])
        let pong = RESPValue.array([word("pong"), word("")])
        return [
            Sort(name: "push", machine: ready(), value: .push([]), action: "push"),
            Sort(name: "array, RESP3", machine: ready(), value: message, action: "deliver"),
            Sort(name: "array, RESP3 subscriber", machine: ready(subscriber: true), value: message, action: "deliver"),
            Sort(
                name: "array, RESP2 subscriber",
                machine: ready(version: 2, subscriber: true),
                value: message,
                action: "push"
            ),
            Sort(
                name: "pong, RESP2 subscriber",
                machine: ready(version: 2, subscriber: true),
                value: pong,
                action: "deliver"
            ),
            Sort(name: "error, subscriber", machine: ready(subscriber: true), value: refusal("NOPERM"), action: "push"),
            Sort(name: "error", machine: ready(), value: refusal("NOPERM"), action: "deliver"),
        ]
    }

    @Test("What belongs to a command and what to a subscription is told apart", arguments: sorts)
    func pushes(_ sort: Sort) {
        var machine = sort.machine
        #expect(Self.text(machine.received(sort.value, attempt: machine.attempt)) == sort.action)
    }
}

@Suite("RedisBackOff")
struct RedisBackOffTests {
    @Test(
        "Pauses double up to the longest, and chance takes away at most half",
        arguments: [
            (1, 1.0, 50), (2, 1.0, 100), (5, 1.0, 800), (7, 1.0, 2_000), (1_000, 1.0, 2_000), (1, 0.0, 25),
            (7, 0.0, 1_000), (7, 0.5, 1_500), (0, 1.0, 50), (1, 9.0, 50), (1, -9.0, 25),
        ]
    )
    func pauses(failures: Int, chance: Double, milliseconds: Int) {
        let pause = RedisBackOff().pause(afterFailures: failures, chance: chance)
        #expect(pause == .milliseconds(milliseconds))
    }
}

@Suite("Outbox")
struct OutboxTests {
    static func submission(_ text: String = "") -> Submission {
        Submission(
            command: RESPCommand("SET", .text(text)),
            waiter: .closure { _ in },
            deadline: .distantFuture
        )
    }

    @Test("The first of a batch is to be announced, the others not; a new batch begins when it is taken")
    func batches() {
        var outbox = Outbox(maximumCommands: 10, maximumBytes: 1_000)
        #expect((0..<3).map { _ in outbox.append(Self.submission()) } == [.schedule, .wait, .wait])
        #expect(outbox.take().count == 3)
        #expect(outbox.take().isEmpty)
        #expect(outbox.append(Self.submission()) == .schedule)
    }

    @Test("Commands are counted until they are answered")
    func commandBound() {
        var outbox = Outbox(maximumCommands: 2, maximumBytes: 1_000)
        _ = outbox.append(Self.submission())
        _ = outbox.append(Self.submission())
        #expect(outbox.append(Self.submission()) == .refuse(.tooManyCommands))
        _ = outbox.take()
        #expect(outbox.append(Self.submission()) == .refuse(.tooManyCommands))
        outbox.release(commands: 1, bytes: 10)
        #expect(outbox.append(Self.submission()) == .schedule)
    }

    @Test("Bytes are bounded too, but a large command may go alone")
    func byteBound() {
        var outbox = Outbox(maximumCommands: 10, maximumBytes: 50)
        let large = Self.submission(String(repeating: "x", count: 100))
        #expect(outbox.append(large) == .schedule)
        #expect(outbox.append(Self.submission()) == .refuse(.tooManyBytes))
        outbox.release(commands: 1, bytes: large.command.encoded.count)
        #expect(outbox.append(Self.submission()) == .wait)
        #expect(outbox.append(large) == .refuse(.tooManyBytes))
    }

    @Test("A closed outbox takes nothing")
    func closed() {
        var outbox = Outbox(maximumCommands: 10, maximumBytes: 50)
        outbox.close()
        #expect(outbox.append(Self.submission()) == .refuse(.closed))
    }
}

@Suite("RedisRefusal")
struct RedisRefusalTests {
    @Test(
        "The code word is read, and the text is shown without what stands in quotes",
        arguments: [
            ("ERR unknown command 'canary', with args beginning with: 'canary' ", "ERR", RedisRefusal.Kind.other),
            ("LOADING Redis is loading the dataset in memory", "LOADING", .loading),
            ("READONLY You can't write against a read only replica.", "READONLY", .readOnly),
            ("OOM command not allowed when used memory > 'maxmemory'.", "OOM", .outOfMemory),
            ("NOSCRIPT No matching script.", "NOSCRIPT", .noScript),
            ("WRONGTYPE Operation against a key", "WRONGTYPE", .wrongType),
            ("NOPERM No permissions to access a key", "NOPERM", .noPermission),
            ("something else", "ERR", .other), ("", "ERR", .other), ("ERR", "ERR", .other),
            ("Canary", "ERR", .other), ("ERR \"canary\" `canary'", "ERR", .other),
        ]
    )
    func words(text: String, word: String, kind: RedisRefusal.Kind) {
        let refusal = RedisRefusal(Array(text.utf8))
        #expect(refusal.word == word)
        #expect(refusal.kind == kind)
        #expect(!refusal.safeText.contains("canary"))
        #expect(!refusal.safeText.contains("\n"))
    }
}
