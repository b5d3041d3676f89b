/// Names an event of the change feed, written `<timeline>:<sequence>`: the event that stands there.
///
/// Numbers of one timeline have no gaps.
public struct EventPosition: Sendable, Hashable, LosslessStringConvertible {
    /// The history that it belongs to: a restored database, or a start in mode `json`, begins another one.
    public let timeline: Int
    /// Its number in that history; 0 before the first.
    public let sequence: Int

    /// A position.
    public init(timeline: Int, sequence: Int) {
        self.timeline = timeline
        self.sequence = sequence
    }

    /// Reads a position, two decimal numbers; nil for what is none.
    public init?(_ description: String) {
        guard let match = description.wholeMatch(of: /([0-9]{1,18}):([0-9]{1,18})/), let timeline = Int(match.1),
            let sequence = Int(match.2)
        else { return nil }
        (self.timeline, self.sequence) = (timeline, sequence)
    }

    /// The text of the position.
    public var description: String { "\(timeline):\(sequence)" }
}
