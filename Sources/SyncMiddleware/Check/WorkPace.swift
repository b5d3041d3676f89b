/// Rests between pieces of work, so that work without hurry takes only a share of the time.
struct WorkPace: Sendable {
    /// The share of the time that is work, above 0; 1 or more rests never.
    let share: Double
    private var since = ContinuousClock.now

    init(share: Double) {
        self.share = max(share, 0.001)
    }

    /// A piece is done: rests as long as it asks for.
    mutating func rest() async throws {
        if share < 1 { try await Task.sleep(for: since.duration(to: .now) * (1 / share - 1)) }
        since = .now
    }
}
