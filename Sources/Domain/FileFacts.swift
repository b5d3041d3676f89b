/// What an entry of a tree is.
public enum EntryType: String, Sendable, Codable, CaseIterable {
    /// A regular file, or a regular file inside a container.
    case file
    /// A directory.
    case dir
    /// A symbolic link; never followed.
    case link
    /// A named pipe; never opened.
    case fifo
    /// A socket; never opened.
    case socket
    /// A device; never opened.
    case device
    /// Something that could not be read, with the reason beside it.
    case unreadable
}

/// What reading a file's bytes as JSON gave.
public enum ParseState: String, Sendable, Codable, CaseIterable {
    /// Exactly one JSON value.
    case value
    /// A stream of two or more values.
    case values
    /// Only white space.
    case whitespace
    /// No byte.
    case empty
    /// Not JSON although the name or the mapping says so.
    case invalid
    /// Neither named nor mapped as JSON; not parsed.
    case notJSON = "not_json"
}

/// Counts of files by parse state, as `migrate` reports them.
public struct FileCounts: Sendable, Codable, Equatable {
    /// Regular files on disk (members of containers not counted).
    public var total = 0
    /// Files with one value.
    public var value = 0
    /// Files with a stream of values.
    public var values = 0
    /// Files of white space only.
    public var whitespace = 0
    /// Files without a byte.
    public var empty = 0
    /// Files that are not the JSON they claim to be.
    public var invalid = 0
    /// Other files.
    public var notJSON = 0

    /// All zero.
    public init() {}

    /// Adds a file of this state.
    public mutating func add(_ state: ParseState, count: Int = 1) {
        total += count
        switch state {
        case .value: value += count
        case .values: values += count
        case .whitespace: whitespace += count
        case .empty: empty += count
        case .invalid: invalid += count
        case .notJSON: notJSON += count
        }
    }

    enum CodingKeys: String, CodingKey {
        case total, value, values, whitespace, empty, invalid
        case notJSON = "not_json"
    }
}
