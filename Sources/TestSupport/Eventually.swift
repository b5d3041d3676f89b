/// What was waited for did not come about.
public struct TimedOut: Error {
    /// What it was.
    public let what: String

    /// An error about this.
    public init(what: String) {
        self.what = what
    }
}

/// Waits until the condition holds, at most 60 s: a machine that runs many tests is slow.
public func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    throw TimedOut(what: what)
}
