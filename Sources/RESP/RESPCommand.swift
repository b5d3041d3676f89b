/// A command as it goes over the wire: an array of blob strings.
///
/// Holds data, so it prints as its name and the number of its arguments.
public struct RESPCommand: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The encoded bytes.
    public let encoded: [UInt8]
    /// The first word, such as `GET`.
    public let name: String
    /// How many arguments follow the name.
    public let argumentCount: Int

    /// Encodes a command; arguments are any bytes.
    public init(_ name: String, _ arguments: [RESPArgument] = []) {
        self.name = name
        argumentCount = arguments.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(arguments.reduce(32 + name.utf8.count) { $0 + $1.count + 16 })
        RESPEncoding.header(UInt8(ascii: "*"), arguments.count + 1, into: &bytes)
        RESPEncoding.blob(name.utf8, into: &bytes)
        for argument in arguments { argument.append(to: &bytes) }
        encoded = bytes
    }

    /// Encodes a command; arguments are any bytes.
    public init(_ name: String, _ arguments: RESPArgument...) {
        self.init(name, arguments)
    }

    /// Name and number of arguments.
    public var description: String { "\(name) with \(argumentCount) arguments" }

    /// The same as `description`.
    public var debugDescription: String { description }

    /// Hides the arguments from reflection.
    public var customMirror: Mirror { Mirror(self, children: ["command": description]) }
}

/// One argument of a command.
public enum RESPArgument: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    /// Any bytes.
    case bytes([UInt8])
    /// A text, sent as UTF-8.
    case text(String)
    /// An integer, sent as its decimal digits.
    case integer(Int64)

    /// A text.
    public init(stringLiteral value: String) { self = .text(value) }

    /// An integer.
    public init(integerLiteral value: Int64) { self = .integer(value) }

    fileprivate var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .text(let text): text.utf8.count
        case .integer: 20
        }
    }

    fileprivate func append(to bytes: inout [UInt8]) {
        switch self {
        case .bytes(let argument): RESPEncoding.blob(argument, into: &bytes)
        case .text(let text): RESPEncoding.blob(text.utf8, into: &bytes)
        case .integer(let number): RESPEncoding.blob(String(number).utf8, into: &bytes)
        }
    }
}
