/// Where a request belongs: the W3C `traceparent` of the caller, or one of our own.
public struct TraceContext: Sendable, Hashable {
    /// The trace, not zero.
    public let traceID: TraceID
    /// The span that this context is the parent of, not zero.
    public let spanID: UInt64
    /// Whether the caller records the trace.
    public let isSampled: Bool

    /// A trace of 128 bits.
    public struct TraceID: Sendable, Hashable, CustomStringConvertible {
        /// The upper half.
        public let high: UInt64
        /// The lower half.
        public let low: UInt64

        /// 32 hexadecimal digits.
        public var description: String { Hexadecimal.text(high) + Hexadecimal.text(low) }
    }

    private init(traceID: TraceID, spanID: UInt64, isSampled: Bool) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
    }

    /// A new trace.
    public static func random(using generator: inout some RandomNumberGenerator) -> TraceContext {
        let traceID = TraceID(
            high: UInt64.random(in: 0...UInt64.max, using: &generator),
            low: UInt64.random(in: 1...UInt64.max, using: &generator)
        )
        return TraceContext(
            traceID: traceID,
            spanID: UInt64.random(in: 1...UInt64.max, using: &generator),
            isSampled: false
        )
    }

    /// A new span of the same trace, to be sent on.
    public func child(using generator: inout some RandomNumberGenerator) -> TraceContext {
        TraceContext(
            traceID: traceID,
            spanID: UInt64.random(in: 1...UInt64.max, using: &generator),
            isSampled: isSampled
        )
    }

    /// Reads a `traceparent` header; nil for what the specification calls invalid.
    ///
    /// `00-<32 hex>-<16 hex>-<2 hex>` in lower case, ids not all zero. Of a later version what follows is ignored, version
    /// `ff` is invalid.
    public init?(traceparent: some StringProtocol) {
        let bytes = Array(traceparent.utf8)
        let dash = UInt8(ascii: "-")
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            let version = Hexadecimal.value(bytes[0..<2]), version != 0xff,
            bytes.count == 55 || (version > 0 && bytes[55] == dash),
            let high = Hexadecimal.value(bytes[3..<19]), let low = Hexadecimal.value(bytes[19..<35]),
            let span = Hexadecimal.value(bytes[36..<52]), let flags = Hexadecimal.value(bytes[53..<55]),
            high != 0 || low != 0, span != 0
        else { return nil }
        self.init(traceID: TraceID(high: high, low: low), spanID: span, isSampled: flags & 1 == 1)
    }

    /// The header's value, in version 00.
    public var traceparent: String {
        "00-\(traceID)-\(Hexadecimal.text(spanID))-\(isSampled ? "01" : "00")"
    }

    /// The context of the request that this task answers; nil outside of requests.
    @TaskLocal public static var current: TraceContext?
}

private enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    static func text(_ value: UInt64) -> String {
        String(unsafeUninitializedCapacity: 16) { buffer in
            for index in 0..<16 { buffer[index] = digits[Int(value >> UInt64(60 - 4 * index) & 0xf)] }
            return 16
        }
    }

    /// At most 16 digits in lower case.
    static func value(_ text: ArraySlice<UInt8>) -> UInt64? {
        var result: UInt64 = 0
        for byte in text {
            switch byte {
            case 0x30...0x39: result = result << 4 | UInt64(byte - 0x30)
            case 0x61...0x66: result = result << 4 | UInt64(byte - 0x61 + 10)
            default: return nil
            }
        }
        return result
    }
}
