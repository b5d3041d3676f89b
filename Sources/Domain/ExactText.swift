/// A text that is equal to itself alone, for sets and dictionaries of ids.
///
/// Swift's strings are equal when they are canonically equivalent (Unicode, UAX #15): `é` in one code point or in two. In
/// PostgreSQL, Redis and files these are two texts.
public struct ExactText: Sendable, Hashable, Comparable {
    /// The text.
    public let text: String

    /// The text itself.
    public init(_ text: String) {
        self.text = text
    }

    /// Whether the bytes are the same.
    public static func == (first: ExactText, second: ExactText) -> Bool {
        first.text.utf8.elementsEqual(second.text.utf8)
    }

    /// The order of the bytes.
    public static func < (first: ExactText, second: ExactText) -> Bool {
        first.text.utf8.lexicographicallyPrecedes(second.text.utf8)
    }

    /// Of the bytes.
    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
