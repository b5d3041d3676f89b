import TestSupport
import Testing

@Suite("Mixed load")
struct MixedLoadTests {
    struct Flawed: Sendable, CustomTestStringConvertible {
        let flaw: MemoryTarget.Flaw
        let promises: [Breach.Promise]

        var testDescription: String { "\(flaw)" }
    }

    @Test(
        "A load finds out which promise a store breaks",
        arguments: [
            Flawed(flaw: .none, promises: []),
            Flawed(flaw: .losesWrites, promises: [.p9]),
            Flawed(flaw: .repeatsWrites, promises: [.p10]),
            Flawed(flaw: .ignoresTokens, promises: [.p11, .p12]),
        ]
    )
    func flaws(_ flawed: Flawed) async throws {
        try await withTemporaryDirectory { directory in
            let target = MemoryTarget(flawed.flaw)
            let file = try HistoryFile(path: "\(directory)/history", instance: "p1")
            let board = try TokenBoard(path: "\(directory)/board", keys: 8, pages: 1, page: 0)
            var configuration = MixedLoadConfiguration()
            configuration.restMilliseconds = 0
            configuration.keys = 8
            let load = MixedLoad(
                on: target,
                instance: "p1",
                history: file,
                board: board,
                configuration: configuration
            )
            try await load.run(seed: 7, steps: 200)
            let events = try HistoryFile.events(of: ["\(directory)/history"])
            let found = Set(HistoryChecker(events, CommittedHistory(changes: target.changes)).breaches().map(\.promise))
            #expect(found.isSuperset(of: flawed.promises), "\(found)")
            if flawed.promises.isEmpty { #expect(found == []) }
            #expect(events.count > 600)
        }
    }
}
