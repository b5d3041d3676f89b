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
}
