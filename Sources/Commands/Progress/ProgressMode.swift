import ArgumentParser

/// How progress is shown, as `--progress` takes it.
enum ProgressMode: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// A line that is updated on a terminal, else plain lines; events with `--output ndjson`.
    case auto
    /// A line for each phase.
    case plain
    /// Nothing.
    case none
}
