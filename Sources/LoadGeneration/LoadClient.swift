import NIOCore

/// One client of a load test: one request after the other, reading any document and writing its own.
struct LoadClient {
    private let number: Int
    private let plan: LoadPlan
    private let documents: BenchDocuments
    private let connection: LoadConnection
    private let history: SharedHistory
    private var generator: SplitMix64
    /// The number of the last write of each own document.
    private var written: [Int: Int] = [:]
    private(set) var tally = LoadTally()

    init(
        _ number: Int,
        _ plan: LoadPlan,
        _ documents: BenchDocuments,
        _ connection: LoadConnection,
        _ history: SharedHistory
    ) {
        self.history = history
        self.number = number
        self.plan = plan
        self.documents = documents
        self.connection = connection
        generator = SplitMix64(state: plan.seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
    }

    /// Makes requests until the schedule is over or the task is cancelled.
    mutating func run(_ schedule: LoadSchedule) async {
        var now = ContinuousClock.now
        while !Task.isCancelled, let due = schedule.next(now) {
            var start = due
            if due > now {
                // A cancelled sleep ends the loop above.
                try? await Task.sleep(until: due, tolerance: .zero)
                // The client was free: waking up late is its own fault, not the service's.
                start = .now
            }
            if plan.mix.writes(using: &generator) {
                await write(from: start)
            } else {
                await read(from: start)
            }
            now = .now
        }
    }

    private mutating func read(from start: ContinuousClock.Instant) async {
        let document = Int.random(in: 0..<plan.documents, using: &generator)
        let sentAt = ContinuousClock.now
        let response = await answer(to: documents.read(document))
        tally.ended(response, writes: false, after: start.duration(to: .now))
        guard let response, response.status == 200, let found = BenchDocuments.number(in: response.body) else { return }
        history.read(document, found, sentAt: sentAt)
    }

    private mutating func write(from start: ContinuousClock.Instant) async {
        // Of the documents number, number + clients, …: those that this client alone writes.
        let count = (plan.documents - number - 1) / plan.clients + 1
        let document = number + Int.random(in: 0..<count, using: &generator) * plan.clients
        let next = written[document, default: 0] + 1
        written[document] = next
        let response = await answer(to: documents.write(document, next))
        let now = ContinuousClock.now
        tally.ended(response, writes: true, after: start.duration(to: now))
        switch response?.status {
        case 200, 204: history.acknowledged(document, next, at: now)
        case let status? where (400..<500).contains(status): break
        default: history.uncertain(document)
        }
    }

    /// The answer; nil without one, after a pause so that a service that is away is not asked in a tight loop.
    private func answer(to request: LoadRequest) async -> LoadResponse? {
        do {
            return try await connection.send(request)
        } catch {
            // A cancelled pause ends the test.
            try? await Task.sleep(for: .milliseconds(20))
            return nil
        }
    }
}

/// Sebastiano Vigna's SplitMix64.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
