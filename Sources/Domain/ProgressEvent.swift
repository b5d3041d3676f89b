/// Something that happened in a run: one line of the event stream, one schema for terminal, NDJSON, log and report.
public struct ProgressEvent: Sendable, Codable, Equatable {
    /// What happened.
    public enum Event: String, Sendable, Codable {
        /// A phase began.
        case phaseStarted = "phase_started"
        /// A phase is under way; counts are since its start.
        case progressed
        /// A phase ended.
        case phaseFinished = "phase_finished"
        /// Something the operator should know.
        case note
    }

    /// What happened.
    public var event: Event
    /// The phase.
    public var phase: String
    /// Seconds since the run began.
    public var elapsed: Double
    /// Files so far in the phase.
    public var files: Int
    /// Records so far in the phase.
    public var records: Int
    /// Bytes so far in the phase.
    public var bytes: Int
    /// Records per second over the phase so far.
    public var recordsPerSecond: Double
    /// A sentence, for notes.
    public var message: String?
    /// Share of the phase that is done, 0…1, where it is known.
    public var fraction: Double?

    /// An event.
    public init(
        event: Event,
        phase: String,
        elapsed: Double,
        files: Int = 0,
        records: Int = 0,
        bytes: Int = 0,
        recordsPerSecond: Double = 0,
        message: String? = nil,
        fraction: Double? = nil
    ) {
        self.event = event
        self.phase = phase
        self.elapsed = elapsed
        self.files = files
        self.records = records
        self.bytes = bytes
        self.recordsPerSecond = recordsPerSecond
        self.message = message
        self.fraction = fraction
    }

    enum CodingKeys: String, CodingKey {
        case event, phase, elapsed, files, records, bytes, message, fraction
        case recordsPerSecond = "records_per_second"
    }
}
