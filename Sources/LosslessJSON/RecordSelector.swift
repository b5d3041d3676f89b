/// Chooses records inside a top-level value by a pointer pattern.
///
/// An empty pattern or `/` is the value itself; otherwise an RFC 6901 pointer in which a component `*` stands for any
/// member or element: `/tasks/*`, `/*`, `/tasks/0/tasks/*`. Unlike RFC 6901 has it, `/` is not the member named "".
public struct RecordSelector: Hashable, Sendable {
    /// The pattern as it was written.
    public let pattern: String
    let components: [Component]

    /// One step down.
    enum Component: Hashable, Sendable {
        case any
        case named([UInt8], index: Int?)
    }

    /// Selects top-level values as a whole.
    public static let root = RecordSelector()

    private init() {
        pattern = ""
        components = []
    }

    /// Reads a pattern; throws an error with reason `selector` when it does not begin with `/` or holds a stray `~`.
    public init(pointer pattern: String) throws(JSONSyntaxError) {
        self.pattern = pattern
        guard pattern != "/" else {
            components = []
            return
        }
        guard pattern.isEmpty || pattern.hasPrefix("/") else {
            throw JSONSyntaxError(selector: pattern, offset: 0, expected: .selectorStart)
        }
        guard let parts = JSONPointer.components(of: pattern) else {
            let offset = Array(pattern.utf8).firstIndex(of: 0x7E) ?? 0
            throw JSONSyntaxError(selector: pattern, offset: offset, expected: .selectorEscape)
        }
        components = parts.map { part in
            part == [0x2A] ? .any : .named(part, index: JSONPointer.arrayIndex(part))
        }
    }
}
