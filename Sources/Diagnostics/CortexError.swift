/// The shape of every error of Cortex: a stable code, what happened, what to do next, and what caused it.
///
/// Each module has one error struct that conforms. `description` is safe to show: no secrets, no row contents.
public protocol CortexError: Error, CustomStringConvertible {
    /// The stable code, see `ErrorCode`.
    var code: ErrorCode { get }
    /// What happened and where, in one sentence.
    var message: String { get }
    /// What to do next; nil when there is nothing useful to say.
    var hint: String? { get }
    /// The error that led to this one.
    var cause: (any Error)? { get }
    /// More facts for programs, such as `path`, `offset` or `sqlstate`.
    var details: [String: String] { get }
}

extension CortexError {
    /// Default: no hint.
    public var hint: String? { nil }
    /// Default: no cause.
    public var cause: (any Error)? { nil }
    /// Default: no details.
    public var details: [String: String] { [:] }

    /// Message, then the chain of causes.
    public var description: String {
        guard let cause else { return message }
        return "\(message): \(cause)"
    }
}
