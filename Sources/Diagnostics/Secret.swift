/// A value that must never be shown: prints as `<redacted>` everywhere.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    /// Wraps the secret text.
    public init(_ value: String) {
        self.value = value
    }

    /// The secret text, for the one place that needs it.
    public func reveal() -> String { value }

    /// Always `<redacted>`.
    public var description: String { "<redacted>" }

    /// Always `<redacted>`.
    public var debugDescription: String { "<redacted>" }

    /// Hides the value from reflection (`dump`, string interpolation of a containing struct).
    public var customMirror: Mirror { Mirror(self, children: []) }
}
