/// A place in the events of the change feed, written `<timeline>:<seq>`: the id of the event that stands there.
///
/// Numbers of one timeline have no gaps. A restored database begins another timeline.
public struct FeedPosition: Sendable, Hashable, LosslessStringConvertible {
    /// The history that the number belongs to.
    public let timeline: Int
    /// The number of the event; 0 before the first one.
    public let seq: Int

    /// A place.
    public init(timeline: Int, seq: Int) {
        self.timeline = timeline
        self.seq = seq
    }

    /// Reads `<timeline>:<seq>`, two decimal numbers; nil for anything else.
    public init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }),
            let timeline = Int(parts[0]), let seq = Int(parts[1])
        else { return nil }
        self.init(timeline: timeline, seq: seq)
    }

    /// `<timeline>:<seq>`.
    public var description: String { "\(timeline):\(seq)" }
}
