import Domain
import Synchronization

/// Times the phases of a run and tells what happens in them.
final class PhaseClock: Sendable {
    private let report: @Sendable (ProgressEvent) -> Void
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    private struct State {
        var phase = ""
        var phaseStart = ContinuousClock.now
        var lastReport = ContinuousClock.now
        var timings: [PhaseTiming] = []
    }

    /// Progress is told at most this often.
    private static let interval = Duration.milliseconds(200)

    init(report: @escaping @Sendable (ProgressEvent) -> Void) {
        self.report = report
    }

    /// Seconds since the run began.
    var elapsed: Double { (ContinuousClock.now - start).seconds }

    /// The phases that have ended.
    var timings: [PhaseTiming] { state.withLock(\.timings) }

    /// A phase begins.
    func begin(_ phase: String) {
        state.withLock {
            $0.phase = phase
            $0.phaseStart = .now
            $0.lastReport = .now
        }
        report(ProgressEvent(event: .phaseStarted, phase: phase, elapsed: elapsed))
    }

    /// The phase is under way; counts are since its start.
    func progressed(files: Int, records: Int, bytes: Int) {
        let due: (phase: String, seconds: Double)? = state.withLock {
            let now = ContinuousClock.now
            guard now - $0.lastReport >= Self.interval else { return nil }
            $0.lastReport = now
            return ($0.phase, (now - $0.phaseStart).seconds)
        }
        guard let due else { return }
        report(
            ProgressEvent(
                event: .progressed,
                phase: due.phase,
                elapsed: elapsed,
                files: files,
                records: records,
                bytes: bytes,
                recordsPerSecond: due.seconds > 0 ? Double(records) / due.seconds : 0
            )
        )
    }

    /// The phase ends.
    func end(records: Int, bytes: Int) {
        let timing = state.withLock { state in
            let seconds = (ContinuousClock.now - state.phaseStart).seconds
            let timing = PhaseTiming(phase: state.phase, seconds: seconds, records: records, bytes: bytes)
            state.timings.append(timing)
            return timing
        }
        report(
            ProgressEvent(
                event: .phaseFinished,
                phase: timing.phase,
                elapsed: elapsed,
                records: records,
                bytes: bytes,
                recordsPerSecond: timing.seconds > 0 ? Double(records) / timing.seconds : 0
            )
        )
    }
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
