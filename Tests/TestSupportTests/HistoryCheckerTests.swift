import Testing

@testable import TestSupport

/// A history that keeps every promise, and one change to it that breaks one.
struct PlantedBreach: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let promise: Breach.Promise
    /// What cannot but be broken with it.
    var also: [Breach.Promise] = []
    let plant: @Sendable (inout PlantedHistory) -> Void
}

/// Events and what PostgreSQL says, to be changed.
struct PlantedHistory: Sendable {
    typealias What = HistoryEvent.What

    var events: [HistoryEvent] = []
    var committed = CommittedHistory()

    /// Two instances, two keys; times in milliseconds.
    static let good: PlantedHistory = {
        var history = PlantedHistory()
        history.committed.changes = [
            .init("a", 1, "start-a"), .init("b", 1, "start-b"), .init("a", 2, "m1"), .init("a", 3, "m2"),
            .init("b", 2, "m3", digest: "d3"), .init("d", 1, "start-d"), .init("d", 2, "m5", isDeletion: true),
            .init("d", 3, "m6", digest: "d6"),
        ]
        history.committed.feed = [.init(id: 10, "a", 2), .init(id: 11, "a", 3), .init(id: 12, "b", 2)]
        // Row 12 was committed before 11 and is of another key.
        history.committed.passed = [10, 12, 11]
        history.committed.numbered = 3
        let rows = ["a": (3, "m2"), "b": (2, "m3")]
        history.committed.rows = rows.mapValues { .init(version: $0.0, body: Array($0.1.utf8)) }
        history.committed.cached = history.committed.rows
        history.add("p1", 0, .answered(read("a", 0, .recent, 1, "start-a")))
        history.add("p1", 10, .attempted(key: "a", mark: "m1"))
        history.add("p1", 20, .unacknowledged(key: "a", mark: "m1"))
        history.add("p1", 30, .attempted(key: "a", mark: "m1"))
        history.add("p1", 40, .acknowledged(key: "a", mark: "m1", version: 2))
        history.add("p2", 50, .fetched(key: "a", lease: "l1", epoch: 1))
        history.add("p2", 55, .fetched(key: "b", lease: "l1", epoch: 1))
        history.add("p2", 60, .answered(read("a", 45, .version(2), 2, "m1")))
        history.add("p2", 100, .acknowledged(key: "a", mark: "m2", version: 3))
        history.add("p2", 110, .acknowledged(key: "b", mark: "m3", version: 2))
        // 999 ms after the acknowledgement of version 3 an instance that did not acknowledge it may say 2.
        history.add("p1", 1_100, .answered(read("a", 1_099, .recent, 2, "m1")))
        history.add("p1", 5_000, .answered(read("a", 4_990, .recent, 2, "m1", isStale: true)))
        history.add("p1", 5_010, .answered(read("a", 5_000, .strong, 3, "m2")))
        history.add("p1", 5_020, .answered(read("c", 5_015, .recent, 0, nil)))
        history.add("p1", 5_030, .refused(key: "a", begunAt: 5_025))
        // Removed, and made anew.
        history.add("p1", 5_040, .acknowledged(key: "d", mark: "m5", version: 2))
        history.add("p1", 5_050, .answered(read("d", 5_045, .version(2), 2, nil)))
        history.add("p1", 5_060, .acknowledged(key: "d", mark: "m6", version: 3))
        history.add("p1", 5_070, .answered(read("d", 5_065, .recent, 3, "m6", digest: "d6")))
        // A change may end a lease early; a new epoch forgets them all; later a lease is over.
        history.add("p1", 5_100, .fetched(key: "a", lease: "l2", epoch: 1))
        history.add("p2", 5_110, .fetched(key: "a", lease: "l3", epoch: 1))
        history.add("p2", 5_500, .quiet)
        history.add("p2", 5_510, .fetched(key: "a", lease: "l4", epoch: 1))
        history.add("p1", 5_520, .fetched(key: "a", lease: "l5", epoch: 2))
        history.add("p1", 5_770, .fetched(key: "a", lease: "l6", epoch: 2))
        return history
    }()

    mutating func add(_ instance: String, _ milliseconds: Int, _ what: What) {
        events.append(HistoryEvent(instance: instance, at: milliseconds * 1_000_000, what))
    }

    static func read(
        _ key: String,
        _ begunAt: Int,
        _ need: HistoryRead.Need,
        _ version: Int,
        _ mark: String?,
        digest: String? = nil,
        isStale: Bool = false
    ) -> HistoryRead {
        HistoryRead(
            key,
            begunAt: begunAt * 1_000_000,
            need: need,
            version: version,
            mark: mark,
            digest: digest,
            source: isStale ? "stale" : "redis",
            isStale: isStale
        )
    }

    func breaches() -> [Breach] {
        HistoryChecker(events, committed).breaches()
    }
}

@Suite("Checking histories")
struct HistoryCheckerTests {
    private static func read(
        _ key: String,
        _ begunAt: Int,
        _ need: HistoryRead.Need,
        _ version: Int,
        _ mark: String?,
        digest: String? = nil
    ) -> HistoryEvent.What {
        .answered(PlantedHistory.read(key, begunAt, need, version, mark, digest: digest))
    }

    static let breaches: [PlantedBreach] = [
        PlantedBreach(testDescription: "an acknowledged version that never was", promise: .p9) {
            $0.add("p1", 6_000, .acknowledged(key: "b", mark: "m9", version: 3))
        },
        PlantedBreach(testDescription: "an acknowledged version with another's value", promise: .p9) {
            $0.add("p1", 6_000, .acknowledged(key: "a", mark: "m9", version: 2))
        },
        PlantedBreach(testDescription: "a retry that ran again", promise: .p10) {
            $0.committed.changes.append(.init("a", 4, "m1"))
        },
        PlantedBreach(testDescription: "a retry that was told another version", promise: .p10, also: [.p9]) {
            $0.add("p1", 6_000, .acknowledged(key: "a", mark: "m1", version: 3))
        },
        PlantedBreach(testDescription: "an answer below the token", promise: .p11) {
            $0.add("p1", 6_000, read("a", 200, .version(3), 2, "m1"))
        },
        PlantedBreach(testDescription: "an answer below what the instance acknowledged", promise: .p11) {
            $0.add("p2", 6_000, read("a", 101, .recent, 2, "m1"))
        },
        PlantedBreach(testDescription: "an answer outdated for a second and a moment", promise: .p12) {
            $0.add("p1", 6_000, read("a", 1_101, .recent, 2, "m1"))
        },
        PlantedBreach(testDescription: "an outdated strong answer", promise: .p12) {
            $0.add("p1", 6_000, read("a", 101, .strong, 2, "m1"))
        },
        PlantedBreach(testDescription: "a value that came back", promise: .p13) {
            $0.committed.changes.append(.init("b", 3, "m4"))
            $0.add("p1", 3_000, read("b", 2_990, .recent, 3, "m4"))
            $0.add("p1", 6_000, read("b", 4_001, .recent, 2, "m3"))
            $0.events.sort { $0.at < $1.at }
        },
        PlantedBreach(testDescription: "an old value under a new version", promise: .p13) {
            $0.add("p1", 6_000, read("a", 5_990, .recent, 3, "m1"))
        },
        PlantedBreach(testDescription: "a row that was deleted by nobody", promise: .p13) {
            $0.add("p1", 6_000, read("a", 5_990, .recent, 3, nil))
        },
        PlantedBreach(testDescription: "a removed row that is still there", promise: .p13) {
            $0.add("p2", 6_000, read("d", 5_990, .version(2), 2, "m5"))
        },
        PlantedBreach(testDescription: "a row made anew that is still removed", promise: .p12) {
            $0.add("p2", 7_000, read("d", 6_061, .recent, 2, nil))
        },
        PlantedBreach(testDescription: "the right version and mark in another body", promise: .p13) {
            $0.add("p1", 6_000, read("b", 5_990, .recent, 2, "m3", digest: "d4"))
        },
        PlantedBreach(testDescription: "a removal that PostgreSQL knows nothing of", promise: .p9) {
            $0.committed.changes.removeAll { $0.mark == "m5" }
            $0.events.removeAll {
                if case .answered(let read) = $0.what { read.version == 2 && read.key == "d" } else { false }
            }
        },
        PlantedBreach(testDescription: "an old version in Redis for good", promise: .p14) {
            $0.committed.cached["a"] = .init(version: 2, body: Array("m1".utf8))
        },
        PlantedBreach(testDescription: "the right version with other bytes", promise: .p14) {
            $0.committed.cached["a"] = .init(version: 3, body: Array("m1".utf8))
        },
        PlantedBreach(testDescription: "a cached row that is not there", promise: .p14) {
            $0.committed.cached["c"] = .init(version: 1, body: [])
        },
        PlantedBreach(testDescription: "two reads under one lease", promise: .p15) {
            $0.add("p2", 6_000, .fetched(key: "a", lease: "l1", epoch: 1))
        },
        PlantedBreach(testDescription: "a change that was not passed", promise: .p17) {
            $0.committed.passed = [10, 12]
            $0.committed.numbered = 2
        },
        PlantedBreach(testDescription: "a change that was passed twice", promise: .p17) {
            $0.committed.passed = [10, 12, 11, 11]
            $0.committed.numbered = 4
        },
        PlantedBreach(testDescription: "versions of a key in the wrong order", promise: .p17) {
            $0.committed.passed = [11, 12, 10]
        },
        PlantedBreach(testDescription: "a change that was passed without a number", promise: .p17) {
            $0.committed.numbered = 2
        },
        PlantedBreach(testDescription: "a rolled-back change that was passed", promise: .p17) {
            $0.committed.passed = [10, 13, 12, 11]
            $0.committed.numbered = 4
        },
    ]

    @Test("A good history passes")
    func good() {
        #expect(PlantedHistory.good.breaches() == [])
    }

    @Test("A planted breach is found, and nothing else", arguments: breaches)
    func planted(_ breach: PlantedBreach) {
        var history = PlantedHistory.good
        breach.plant(&history)
        let found = history.breaches()
        #expect(found.map(\.promise) == breach.also + [breach.promise], "\(found)")
    }

    @Test("Every promise has a planted breach")
    func complete() {
        #expect(Set(Self.breaches.map(\.promise)) == Set(Breach.Promise.allCases))
    }
}
