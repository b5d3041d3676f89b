/// Measures our clients against their peers: the same requests, the same number of callers, in turns.
///
/// `measure-clients [ROUNDS] [SECONDS] [RESULTS-FOLDER] [WORK [CALLERS]]`, by default 5 rounds of 2 s of all works;
/// prints a table of ratios and keeps the raw figures in the folder.
@main
enum MeasureClients {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let rounds = arguments.first.flatMap { Int($0) } ?? 5
        let seconds = arguments.dropFirst().first.flatMap { Int($0) } ?? 2
        let folder = arguments.dropFirst(2).first ?? "results"
        let works = arguments.dropFirst(3).first.flatMap { Work(rawValue: $0) }.map { [$0] } ?? Work.allCases
        let callers = arguments.dropFirst(4).first.flatMap { Int($0) }
        var samples: [Sample] = []
        for work in works {
            let turns = Turns(
                work: work,
                callers: callers.map { [$0] } ?? work.callers,
                rounds: rounds,
                time: .seconds(seconds)
            )
            if work.isRedis {
                try await RedisBenchmark.with(work) { samples += try await turns.run(ours: $0.ours, peer: $0.peer) }
            } else {
                try await PgBench.with(work) { samples += try await turns.run(ours: $0.ours, peer: $0.peer) }
            }
        }
        print(Report.table(samples))
        print("raw figures: " + (try Report.keep(samples, in: folder)))
    }
}

/// The rounds of one kind of work.
struct Turns {
    let work: Work
    let callers: [Int]
    let rounds: Int
    let time: Duration

    /// Ours and the peer in turns; each goes first in every other round.
    func run(
        ours: (Callers) async throws -> Figures,
        peer: (Callers) async throws -> Figures
    ) async throws -> [Sample] {
        var samples: [Sample] = []
        for count in callers {
            let callers = Callers(count: count, time: time)
            for round in 0..<rounds {
                var sample = Sample(work: work, callers: count, round: round)
                for isOurs in round.isMultiple(of: 2) ? [false, true] : [true, false] {
                    if isOurs {
                        sample.ours = try await ours(callers)
                    } else {
                        sample.peer = try await peer(callers)
                    }
                }
                samples.append(sample)
                print(sample.line)
            }
        }
        return samples
    }
}
