/// What is known of how a task came to be what it is.
public struct TaskHistory: Sendable, Equatable {
    /// A record of the task in a source file.
    public struct Record: Sendable, Equatable {
        /// The record's id.
        public let recordID: String
        /// The file, as readable text.
        public let path: String
        /// Where in the file.
        public let pointer: String
        /// What became of it: resolved, superseded, quarantined.
        public let outcome: String
        /// Why; nil for the one that counts.
        public let reason: String?
        /// The record's JSON; nil where it cannot be shown as a value.
        public let body: [UInt8]?
    }

    /// The task.
    public let taskID: String
    /// Every record of it, by path and place.
    public let records: [Record]
    /// The documents of its audit events, oldest first; at most `maximumEvents`, the newest.
    public let events: [[UInt8]]

    /// How many audit events are shown.
    public static let maximumEvents = 1_000
}
