import Testing

@testable import TestSupport

@Suite("Answers that name no version")
struct AbsenceTests {
    private static let committed = CommittedHistory(
        changes: [
            .init("a", 1, "start"), .init("a", 2, "m1", isDeletion: true), .init("a", 3, "m2"),
            .init("a", 4, "m3", isDeletion: true), .init("b", 1, "start"), .init("b", 2, "outside", isDeletion: true),
        ]
    )

    @Test("mean the latest removal that had begun, one of another program, or none")
    func resolved() {
        func absent(_ key: String, at time: Int) -> HistoryEvent {
            let read = HistoryRead(
                key,
                begunAt: time - 5,
                need: .recent,
                version: HistoryRead.absent,
                mark: nil,
                source: "absent"
            )
            return HistoryEvent(instance: "p0", at: time, .answered(read))
        }
        let events = [
            absent("a", at: 5), HistoryEvent(instance: "p0", at: 10, .attempted(key: "a", mark: "m1")),
            absent("a", at: 20), HistoryEvent(instance: "p1", at: 30, .attempted(key: "a", mark: "m3")),
            HistoryEvent(instance: "p1", at: 35, .attempted(key: "a", mark: "m3")), absent("a", at: 40),
            absent("b", at: 41), absent("c", at: 42),
        ]
        let versions = HistoryEvent.resolvingAbsences(events, by: Self.committed).compactMap { event in
            if case .answered(let read) = event.what { read.version } else { nil as Int? }
        }
        #expect(versions == [0, 2, 4, 2, 0])
    }

    private static func breaches(_ need: HistoryRead.Need, then version: Int, _ mark: String) -> [Breach.Promise] {
        func read(_ need: HistoryRead.Need, _ begunAt: Int, _ version: Int, _ mark: String?) -> HistoryEvent.What {
            .answered(HistoryRead("b", begunAt: begunAt, need: need, version: version, mark: mark, source: "near"))
        }
        // Another program removed the row twice; the first answer may mean either.
        let committed = CommittedHistory(
            changes: [
                .init("b", 1, "start"), .init("b", 2, "outside-1", isDeletion: true), .init("b", 3, "m4"),
                .init("b", 4, "outside-2", isDeletion: true),
            ]
        )
        let events = [
            HistoryEvent(instance: "p0", at: 20, read(need, 10, HistoryRead.absent, nil)),
            HistoryEvent(instance: "p1", at: 9_000_000_020, read(.recent, 9_000_000_000, version, mark)),
        ]
        return HistoryChecker(HistoryEvent.resolvingAbsences(events, by: committed), committed).breaches()
            .filter { $0.promise != .p17 }.map(\.promise)
    }

    @Test("are held against tokens, and say nothing of what others are told")
    func checked() {
        #expect(Self.breaches(.recent, then: 3, "m4") == [])
        #expect(Self.breaches(.version(4), then: 3, "m4") == [])
        #expect(Self.breaches(.version(5), then: 3, "m4") == [.p11])
        #expect(Self.breaches(.recent, then: 3, "outside-2") == [.p13])
    }
}
