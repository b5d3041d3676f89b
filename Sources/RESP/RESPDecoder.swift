/// Reads replies from bytes that come in pieces of any size.
///
/// Every byte is looked at once, however the pieces are cut: an unfinished line remembers how far it was searched, an
/// unfinished string waits for its length, and aggregates are put together value by value. After an error the decoder
/// stays failed, because nobody knows where the next reply begins.
public struct RESPDecoder: Sendable {
    /// What was read from the front of the buffer.
    private enum Token {
        case value(RESPValue)
        case open(RESPAssembler.Kind, count: Int?)
        case end
        /// Something that is no value yet, such as the header of a string.
        case progress
        case incomplete
    }

    /// A string whose header was read.
    private struct Blob: Sendable {
        let type: UInt8
        let length: Int
    }

    /// A string that comes in chunks.
    private struct Streamed: Sendable {
        var bytes: [UInt8] = []
        let offset: Int
    }

    private let limits: RESPLimits
    private var assembler: RESPAssembler
    private var buffer: [UInt8] = []
    /// The first byte that was not read.
    private var position = 0
    /// No line end is before here.
    private var searched = 0
    /// Where the first byte of the buffer is on the connection.
    private var base = 0
    /// Where the value that is being read begins on the connection.
    private var valueStart = 0
    /// Where the reply that is being read begins on the connection.
    private var replyStart = 0
    private var blob: Blob?
    private var streamed: Streamed?
    private var failure: RESPError?

    /// Makes a decoder at the start of a connection.
    public init(limits: RESPLimits = RESPLimits()) {
        self.limits = limits
        assembler = RESPAssembler(limits: limits)
    }

    /// Whether a reply was begun and is not complete.
    public var isMidReply: Bool { position < buffer.count || assembler.isInside || blob != nil || streamed != nil }

    /// Takes bytes from the connection.
    public mutating func append(contentsOf bytes: UnsafeRawBufferPointer) {
        reclaim()
        buffer.append(contentsOf: bytes)
    }

    /// Takes bytes from the connection.
    public mutating func append(contentsOf bytes: some Collection<UInt8>) {
        reclaim()
        buffer.append(contentsOf: bytes)
    }

    /// The next complete reply; nil when more bytes are needed.
    ///
    /// Throws when the bytes are not RESP or exceed a limit, and then again at each call.
    public mutating func next() throws(RESPError) -> RESPValue? {
        if let failure { throw failure }
        do throws(RESPError) {
            while true {
                let reply: RESPValue?
                switch try token() {
                case .incomplete:
                    try checkSize(upTo: base + buffer.count)
                    return nil
                case .progress: continue
                case .value(let value): reply = try assembler.add(value, at: valueStart)
                case .open(let kind, let count): reply = try assembler.open(kind, count: count, at: valueStart)
                case .end: reply = try assembler.end(at: valueStart)
                }
                if let reply {
                    replyStart = base + position
                    return reply
                }
            }
        } catch {
            failure = error
            throw error
        }
    }

    // MARK: Buffer

    /// Gives up what was read, in amortised constant time for each byte.
    private mutating func reclaim() {
        if position == buffer.count {
            base += position
            buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 20)
        } else if position >= 64 << 10, position >= buffer.count / 2 {
            base += position
            buffer.removeFirst(position)
        } else {
            return
        }
        searched = max(0, searched - position)
        position = 0
    }

    private func checkSize(upTo end: Int) throws(RESPError) {
        guard end - replyStart <= limits.replyBytes else {
            throw RESPError(.limit("bytes in a reply", limits.replyBytes), at: replyStart)
        }
    }

    /// The text up to the next line end, which is read too; nil while it is not there.
    private mutating func line() throws(RESPError) -> ArraySlice<UInt8>? {
        var index = max(searched, position)
        while index < buffer.count, buffer[index] != UInt8(ascii: "\r"), buffer[index] != UInt8(ascii: "\n") {
            index += 1
        }
        searched = index
        guard index - position <= limits.lineBytes else {
            throw RESPError(.limit("bytes in a line", limits.lineBytes), at: valueStart)
        }
        guard index < buffer.count else { return nil }
        guard buffer[index] == UInt8(ascii: "\r") else { throw RESPError(.missingLineEnd, at: valueStart) }
        guard index + 1 < buffer.count else { return nil }
        guard buffer[index + 1] == UInt8(ascii: "\n") else { throw RESPError(.missingLineEnd, at: valueStart) }
        let text = buffer[position..<index]
        position = index + 2
        return text
    }

    // MARK: Tokens

    private mutating func token() throws(RESPError) -> Token {
        if let blob { return try content(of: blob) }
        guard position < buffer.count else { return .incomplete }
        valueStart = base + position
        let type = buffer[position]
        guard Self.types.contains(type) else { throw RESPError(.unknownType(type), at: valueStart) }
        guard (type == UInt8(ascii: ";")) == (streamed != nil) else {
            throw RESPError(.misplaced(type), at: valueStart)
        }
        guard let line = try line() else { return .incomplete }
        let text = line.dropFirst()
        switch type {
        case UInt8(ascii: "$"), UInt8(ascii: "!"), UInt8(ascii: "="), UInt8(ascii: ";"):
            return try header(type, text)
        case UInt8(ascii: "*"), UInt8(ascii: "%"), UInt8(ascii: "~"), UInt8(ascii: ">"), UInt8(ascii: "|"):
            return try opening(type, text)
        case UInt8(ascii: "."):
            guard text.isEmpty else { throw RESPError(.malformed("end mark"), at: valueStart) }
            return .end
        default:
            return .value(try scalar(type, text))
        }
    }

    private static let types = Array("+-:,#(_$!=;*%~>|.".utf8)

    private func scalar(_ type: UInt8, _ text: ArraySlice<UInt8>) throws(RESPError) -> RESPValue {
        switch type {
        case UInt8(ascii: "+"): return .simpleString(Array(text))
        case UInt8(ascii: "-"): return .error(Array(text))
        case UInt8(ascii: ":"):
            if let number = RESPNumber.integer(text) { return .integer(number) }
            throw RESPError(.malformed("integer"), at: valueStart)
        case UInt8(ascii: ","):
            if let number = RESPNumber.double(text) { return .double(number) }
            throw RESPError(.malformed("double"), at: valueStart)
        case UInt8(ascii: "#"):
            if text.elementsEqual("t".utf8) { return .boolean(true) }
            if text.elementsEqual("f".utf8) { return .boolean(false) }
            throw RESPError(.malformed("boolean"), at: valueStart)
        case UInt8(ascii: "("):
            guard RESPNumber.isBigNumber(text) else { throw RESPError(.malformed("big number"), at: valueStart) }
            return .bigNumber(Array(text))
        default:
            guard text.isEmpty else { throw RESPError(.malformed("null"), at: valueStart) }
            return .null
        }
    }

    private mutating func opening(_ type: UInt8, _ text: ArraySlice<UInt8>) throws(RESPError) -> Token {
        guard let kind = RESPAssembler.Kind(rawValue: type) else { throw RESPError(.unknownType(type), at: valueStart) }
        if kind == .array, text.elementsEqual("-1".utf8) { return .value(.null) }
        if kind.mayStream, text.elementsEqual("?".utf8) { return .open(kind, count: nil) }
        return .open(kind, count: try length(text, "aggregate length"))
    }

    private mutating func header(_ type: UInt8, _ text: ArraySlice<UInt8>) throws(RESPError) -> Token {
        if type == UInt8(ascii: "$") {
            if text.elementsEqual("-1".utf8) { return .value(.null) }
            if text.elementsEqual("?".utf8) {
                streamed = Streamed(offset: valueStart)
                return .progress
            }
        }
        let length = try length(text, "string length")
        if type == UInt8(ascii: ";"), length == 0, let whole = streamed {
            streamed = nil
            valueStart = whole.offset
            return .value(.blobString(whole.bytes))
        }
        guard length <= limits.stringBytes - (streamed?.bytes.count ?? 0) else {
            throw RESPError(.limit("bytes in a string", limits.stringBytes), at: valueStart)
        }
        try checkSize(upTo: base + position + length)
        blob = Blob(type: type, length: length)
        return .progress
    }

    private func length(_ text: ArraySlice<UInt8>, _ what: String) throws(RESPError) -> Int {
        guard let number = RESPNumber.integer(text), number >= 0, let length = Int(exactly: number) else {
            throw RESPError(.malformed(what), at: valueStart)
        }
        return length
    }

    private mutating func content(of blob: Blob) throws(RESPError) -> Token {
        guard buffer.count - position >= blob.length + 2 else { return .incomplete }
        let end = position + blob.length
        guard buffer[end] == UInt8(ascii: "\r"), buffer[end + 1] == UInt8(ascii: "\n") else {
            throw RESPError(.missingLineEnd, at: valueStart)
        }
        let content = buffer[position..<end]
        position = end + 2
        searched = position
        self.blob = nil
        switch blob.type {
        case UInt8(ascii: "!"):
            return .value(.error(Array(content)))
        case UInt8(ascii: "="):
            guard content.count >= 4, content[content.startIndex + 3] == UInt8(ascii: ":") else {
                throw RESPError(.malformed("verbatim string"), at: valueStart)
            }
            return .value(.verbatim(format: Array(content.prefix(3)), Array(content.dropFirst(4))))
        case UInt8(ascii: ";"):
            streamed?.bytes.append(contentsOf: content)
            return .progress
        default:
            return .value(.blobString(Array(content)))
        }
    }
}
