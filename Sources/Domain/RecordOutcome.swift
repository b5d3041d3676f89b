/// How a record of the source ended.
///
/// Every record ends in exactly one of these.
public enum RecordOutcome: String, Sendable, Codable, CaseIterable {
    /// It is the row that programs see.
    case resolved
    /// Another record of the same natural id is, or it repeats one exactly.
    case superseded
    /// It could not become a row; kept with its place and reason.
    case quarantined
    /// A value that stands where records do but is none of its kind.
    case notARecord = "not_a_record"
}
