/// The head of a request in a strict subset of HTTP/1.1 (RFC 9112), and how long its body is.
///
/// Lines end in CRLF, names are tokens with the colon behind them, nothing is folded, no control characters, at most one
/// Content-Length of digits, no Transfer-Encoding, no Upgrade. Within the subset no two parsers see different requests;
/// what lies outside is not refused here, it is unknown, and the server's own parser decides.
struct PlainRequest: Equatable {
    /// What bytes begin with.
    enum Found: Equatable {
        /// The beginning of what may become a head of the subset.
        case incomplete
        /// Something else: where the request ends cannot be said.
        case unknown
        case request(PlainRequest)
    }

    /// The bounds beyond which a head is unknown.
    struct Limits: Equatable {
        /// Of the head in bytes.
        var head: Int
        /// Of the request target in bytes.
        var target: Int
        /// Of the header fields.
        var fields: Int

        /// No more than the server's parser takes.
        init(_ configuration: ServiceConfiguration) {
            head = min(8 << 10, configuration.headerFieldLimit, configuration.headerListLimit)
            target = configuration.targetLimit
            fields = configuration.headerCountLimit
        }
    }

    /// Bytes from the method to the empty line, that included.
    private(set) var length = 0
    /// Bytes of the body.
    private(set) var bodyLength = 0
    /// Whether it is a GET or HEAD that reads a path without a query, and nothing in it asks for the router.
    private(set) var isPlainRead = false
    private(set) var isHead = false
    /// Where the request target is.
    private(set) var target = 0..<0
    /// Where the values of these fields are, without blanks around them.
    private(set) var authorization: Range<Int>?
    private(set) var ifNoneMatch: Range<Int>?
    private(set) var traceparent: Range<Int>?

    private var hosts = 0
    private var lengths = 0

    private init() {}

    /// Reads what the bytes begin with.
    static func find(in bytes: UnsafeRawBufferPointer, _ limits: Limits) -> Found {
        var request = PlainRequest()
        var reader = Reader(bytes: bytes, limit: limits.head)
        do throws(Reader.End) {
            try request.readLine(&reader, limits)
            var fields = 0
            while try !reader.takesLineEnd() {
                fields += 1
                guard fields <= limits.fields else { throw .unknown }
                try request.readField(&reader)
            }
        } catch {
            return error == .incomplete ? .incomplete : .unknown
        }
        request.length = reader.place
        request.isPlainRead = request.isPlainRead && request.hosts == 1 && request.bodyLength == 0
        return .request(request)
    }

    // MARK: Parts

    private mutating func readLine(_ reader: inout Reader, _ limits: Limits) throws(Reader.End) {
        let method = try reader.token(until: 0x20)
        let start = reader.place
        var isPath = false
        while true {
            let byte = try reader.next()
            if byte == 0x20 { break }
            guard byte > 0x20, byte < 0x7f else { throw .unknown }
            if reader.place == start + 1 { isPath = byte == UInt8(ascii: "/") }
            if byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") { isPath = false }
        }
        target = start..<reader.place - 1
        guard !target.isEmpty, target.count <= limits.target else { throw .unknown }
        try reader.take("HTTP/1.1\r\n")
        // Methods have a case, and what follows CONNECT is no HTTP.
        guard reader.isUpperCase(method), !reader.isEqual(method, "connect") else { throw .unknown }
        isHead = reader.isEqual(method, "head")
        isPlainRead = isPath && (isHead || reader.isEqual(method, "get"))
    }

    private mutating func readField(_ reader: inout Reader) throws(Reader.End) {
        let name = try reader.token(until: UInt8(ascii: ":"))
        let (value, isASCII) = try reader.value()
        if !isASCII { isPlainRead = false }
        switch name.count {
        case 4 where reader.isEqual(name, "host"): hosts += 1
        case 6 where reader.isEqual(name, "expect"): isPlainRead = false
        case 7 where reader.isEqual(name, "upgrade"): throw .unknown
        case 10 where reader.isEqual(name, "connection"):
            if !reader.isEqual(value, "keep-alive") { isPlainRead = false }
        case 11 where reader.isEqual(name, "traceparent"):
            if traceparent != nil { isPlainRead = false }
            traceparent = value
        case 13 where reader.isEqual(name, "authorization"):
            if authorization != nil { isPlainRead = false }
            authorization = value
        case 13 where reader.isEqual(name, "if-none-match"):
            if ifNoneMatch != nil { isPlainRead = false }
            ifNoneMatch = value
        case 14 where reader.isEqual(name, "content-length"):
            lengths += 1
            guard lengths == 1, let length = reader.number(value) else { throw .unknown }
            bodyLength = length
        case 17 where reader.isEqual(name, "transfer-encoding"): throw .unknown
        case 18 where reader.isEqual(name, "cortex-consistency"), 18 where reader.isEqual(name, "cortex-min-version"):
            isPlainRead = false
        default: break
        }
    }
}

/// Goes over the bytes of a head once.
private struct Reader {
    /// Why no more is read.
    enum End: Error {
        case incomplete
        case unknown
    }

    let bytes: UnsafeRawBufferPointer
    /// Of the head in bytes.
    let limit: Int
    private(set) var place = 0

    init(bytes: UnsafeRawBufferPointer, limit: Int) {
        self.bytes = bytes
        self.limit = limit
    }

    mutating func next() throws(End) -> UInt8 {
        guard place < limit else { throw .unknown }
        guard place < bytes.count else { throw .incomplete }
        defer { place += 1 }
        return bytes[place]
    }

    mutating func take(_ text: StaticString) throws(End) {
        for index in 0..<text.utf8CodeUnitCount where try next() != text.utf8Start[index] { throw .unknown }
    }

    /// Whether a line end comes, which then is behind us.
    mutating func takesLineEnd() throws(End) -> Bool {
        guard place < bytes.count else { throw place < limit ? .incomplete : .unknown }
        guard bytes[place] == 0x0d else { return false }
        try take("\r\n")
        return true
    }

    /// A token (RFC 9110) up to this byte, which is behind us then.
    mutating func token(until end: UInt8) throws(End) -> Range<Int> {
        let start = place
        while true {
            let byte = try next()
            if byte == end { break }
            guard Self.isTokenByte(byte) else { throw .unknown }
        }
        guard place > start + 1 else { throw .unknown }
        return start..<place - 1
    }

    /// A field's value up to the end of its line, without blanks around it, and whether it is ASCII.
    mutating func value() throws(End) -> (place: Range<Int>, isASCII: Bool) {
        var start = place
        var bits: UInt8 = 0
        while true {
            let byte = try next()
            if byte == 0x0d { break }
            guard byte >= 0x20 && byte != 0x7f || byte == 0x09 else { throw .unknown }
            bits |= byte
        }
        guard try next() == 0x0a else { throw .unknown }
        var end = place - 2
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while start < end, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return (start..<end, bits < 0x80)
    }

    /// Whether the text is there, in whatever case; `lower` is in lower case.
    func isEqual(_ range: Range<Int>, _ lower: StaticString) -> Bool {
        guard range.count == lower.utf8CodeUnitCount else { return false }
        for index in 0..<range.count {
            let byte = bytes[range.lowerBound + index]
            let isUpper = byte >= 0x41 && byte <= 0x5a
            if (isUpper ? byte | 0x20 : byte) != lower.utf8Start[index] { return false }
        }
        return true
    }

    func isUpperCase(_ range: Range<Int>) -> Bool { bytes[range].allSatisfy { (0x41...0x5a).contains($0) } }

    /// The number that the digits are; nil for anything else.
    func number(_ range: Range<Int>) -> Int? {
        guard (1...18).contains(range.count) else { return nil }
        var number = 0
        for place in range {
            guard (0x30...0x39).contains(bytes[place]) else { return nil }
            number = number * 10 + Int(bytes[place] - 0x30)
        }
        return number
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e...0x60, 0x7c, 0x7e: true
        default: false
        }
    }
}
