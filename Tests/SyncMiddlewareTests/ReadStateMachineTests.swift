import Testing

@testable import SyncMiddleware

@Suite("ReadStateMachine")
struct ReadStateMachineTests {
    typealias Machine = ReadStateMachine
    typealias Action = ReadStateMachine.Action

    /// What happens to a read, one event each.
    enum Event: Sendable {
        case start(Machine.Access)
        case found(Machine.Found)
        case leased(CacheCell.Reply?, now: Int)
        case paused
        case database(Int)
        case databaseFailed(staleEpoch: Int?)
    }

    struct Course: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var need = CacheStateMachine.Need.recent
        let events: [Event]
        let actions: [Action]
    }

    static let cache = Machine.Access.cache(epoch: 3, freshAsOf: 900)
    static let lease = Machine.Lease(epoch: 3, token: "me")

    static func document(_ version: Int) -> VersionedDocument { NearCacheTests.document(version) }

    static func answer(_ version: Int, _ source: Machine.Source, freshAsOf: Int, _ next: Machine.FollowUp) -> Action {
        .answer(Machine.Answer(document: document(version), source: source, freshAsOf: freshAsOf), next)
    }

    static let secret = VersionedDocument(version: 1, content: .present(body: [1], sensitivity: "secret"))

    static let courses = [
        Course(
            testDescription: "a hit",
            events: [.start(cache), .found(.document(document(4)))],
            actions: [.get(epoch: 3), answer(4, .redis, freshAsOf: 900, .none)]
        ),
        Course(
            testDescription: "a miss is read after the grant, and filled",
            events: [.start(cache), .found(.nothing), .leased(.granted, now: 1000), .database(4)],
            actions: [
                .get(epoch: 3), .lease(lease), .readDatabase,
                answer(4, .database, freshAsOf: 950, .fill(lease, document(4))),
            ]
        ),
        Course(
            testDescription: "somebody else filled meanwhile",
            events: [.start(cache), .found(.nothing), .leased(.held(document(4), filledAt: 1), now: 1000)],
            actions: [.get(epoch: 3), .lease(lease), answer(4, .redis, freshAsOf: 900, .none)]
        ),
        Course(
            testDescription: "busy for the lease time, then PostgreSQL without a fill",
            events: [
                .start(cache), .found(.nothing), .leased(.busy, now: 1000), .paused, .found(.nothing),
                .leased(.busy, now: 1490), .paused, .found(.nothing), .leased(.busy, now: 1500), .database(4),
            ],
            actions: [
                .get(epoch: 3), .lease(lease), .pause(milliseconds: 5), .get(epoch: 3), .lease(lease),
                .pause(milliseconds: 10), .get(epoch: 3), .lease(lease), .readDatabase,
                answer(4, .database, freshAsOf: 950, .none),
            ]
        ),
        Course(
            testDescription: "Redis does not reply",
            events: [.start(cache), .found(.failed), .database(4)],
            actions: [.get(epoch: 3), .readDatabase, answer(4, .database, freshAsOf: 950, .none)]
        ),
        Course(
            testDescription: "Redis may not be used",
            events: [.start(.database(.notDrained)), .database(4)],
            actions: [.readDatabase, answer(4, .database, freshAsOf: 950, .none)]
        ),
        Course(
            testDescription: "too old for the token: what is newer is told to Redis",
            need: .version(4),
            events: [.start(cache), .found(.document(document(3))), .database(5)],
            actions: [
                .get(epoch: 3), .readDatabase, answer(5, .database, freshAsOf: 950, .invalidate(epoch: 3, version: 5)),
            ]
        ),
        Course(
            testDescription: "the mark of a secret document",
            events: [.start(cache), .found(.document(secret.cacheable)), .database(1)],
            actions: [.get(epoch: 3), .readDatabase, answer(1, .database, freshAsOf: 950, .none)]
        ),
        Course(
            testDescription: "PostgreSQL is away: the lease is given back, the answer is marked",
            events: [
                .start(cache), .found(.nothing), .leased(.granted, now: 1000), .databaseFailed(staleEpoch: 3),
                .found(.document(document(2))),
            ],
            actions: [
                .get(epoch: 3), .lease(lease), .readDatabase, .get(epoch: 3),
                answer(2, .stale, freshAsOf: 0, .release(lease)),
            ]
        ),
        Course(
            testDescription: "PostgreSQL is away, and what is there is too old for the token",
            need: .version(4),
            events: [.start(.database(.linkDown)), .databaseFailed(staleEpoch: 3), .found(.document(document(3)))],
            actions: [.readDatabase, .get(epoch: 3), .fail(.none)]
        ),
        Course(
            testDescription: "a strong read fails with PostgreSQL",
            need: .strong,
            events: [.start(.database(.strong)), .databaseFailed(staleEpoch: 3)],
            actions: [.readDatabase, .fail(.none)]
        ),
    ]

    @Test("Each event gives its action", arguments: courses)
    func course(_ course: Course) {
        var machine = Machine(need: course.need, token: "me", patience: .init(SyncConfiguration()))
        var actions: [Action] = []
        for event in course.events {
            switch event {
            case .start(let access): actions.append(machine.start(access))
            case .found(let found): actions.append(machine.found(found, access: Self.cache))
            case .leased(let reply, let now): actions.append(machine.leased(reply, now: now))
            case .paused: actions.append(machine.paused(Self.cache))
            case .database(let version): actions.append(machine.readDatabase(Self.document(version), sentAt: 950))
            case .databaseFailed(let epoch): actions.append(machine.databaseFailed(staleEpoch: epoch))
            }
        }
        #expect(actions == course.actions)
    }

    @Test("Of a secret document Redis gets the version alone")
    func secrets() {
        var machine = Machine(need: .recent, token: "me", patience: .init(SyncConfiguration()))
        _ = machine.start(Self.cache)
        _ = machine.found(.nothing, access: Self.cache)
        _ = machine.leased(.granted, now: 0)
        let mark = VersionedDocument(version: 1, content: .present(body: [], sensitivity: "secret"))
        let answer = Machine.Answer(document: Self.secret, source: .database, freshAsOf: 0)
        #expect(machine.readDatabase(Self.secret, sentAt: 0) == .answer(answer, .fill(Self.lease, mark)))
    }
}
