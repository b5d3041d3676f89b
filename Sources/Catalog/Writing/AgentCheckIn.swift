import Domain
import LosslessJSON

/// What an agent says when it checks in.
public struct AgentCheckIn: Sendable, Equatable {
    /// Its status: active, idle, suspended or terminated; nil to leave it.
    public var status: String?
    /// How many tokens it has used in all; nil to leave it.
    public var tokensUsed: Int?

    /// A message.
    public init(status: String? = nil, tokensUsed: Int? = nil) {
        self.status = status
        self.tokensUsed = tokensUsed
    }

    /// The merge patch that it stands for.
    func patch(atMicroseconds microseconds: Int64) -> [UInt8] {
        var patch = Array(#"{"last_checkin_at":"#.utf8)
        if let time = InstantSpelling().text(microseconds: microseconds) {
            JSONText.append(time, to: &patch)
        } else {
            patch += Array("null".utf8)
        }
        if let status {
            patch += Array(#","agent_status":"#.utf8)
            JSONText.append(status, to: &patch)
        }
        if let tokensUsed { patch += Array(#","tokens_used":\#(tokensUsed)"#.utf8) }
        return patch + Array("}".utf8)
    }
}
