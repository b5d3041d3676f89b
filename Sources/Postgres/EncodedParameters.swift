import CLibpq

/// Parameters in the form that libpq takes: one buffer, and where each value begins.
struct EncodedParameters {
    /// The protocol counts parameters in 16 bits.
    static let maximumCount = 65_535

    private var bytes: [UInt8] = []
    private var offsets: [Int?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []
    private var types: [Oid] = []

    init(_ values: [PostgresValue]) throws(PostgresError) {
        guard values.count <= Self.maximumCount else {
            throw PostgresError.misuse("\(values.count) parameters; PostgreSQL takes at most \(Self.maximumCount)")
        }
        for (index, value) in values.enumerated() {
            try append(value, index: index)
        }
    }

    private mutating func append(_ value: PostgresValue, index: Int) throws(PostgresError) {
        switch value {
        case .null: add(nil, type: 0)
        case .text(let text): try addText(text.utf8, index: index)
        case .integer(let number): try addText(String(number).utf8, index: index)
        case .double(let number): try addText(Self.text(of: number).utf8, index: index)
        case .numeric(let text): try addText(text.utf8, index: index)
        case .boolean(let flag): try addText((flag ? "t" : "f").utf8, index: index)
        case .json(let json): try addText(json, index: index)
        case .textArray(let texts): try addText(Self.arrayLiteral(texts).utf8, index: index)
        case .integerArray(let numbers):
            try addText("{\(numbers.map(String.init).joined(separator: ","))}".utf8, index: index)
        case .bytes(let raw): add(raw, type: 17)
        case .instant(let microseconds):
            add(Self.bigEndian(CopyBinaryEncoder.microsecondsSince2000(microseconds)), type: 1_184)
        case .uuid(let high, let low): add(Self.bigEndian(high) + Self.bigEndian(low), type: 2_950)
        }
    }

    private mutating func addText(_ text: some Collection<UInt8>, index: Int) throws(PostgresError) {
        guard !text.contains(0) else {
            throw PostgresError.misuse(
                "parameter $\(index + 1) holds U+0000, which PostgreSQL text cannot hold",
                hint: "send it as bytes, or escape it"
            )
        }
        offsets.append(bytes.count)
        lengths.append(0)
        formats.append(0)
        types.append(0)
        bytes.append(contentsOf: text)
        bytes.append(0)
    }

    private mutating func add(_ raw: [UInt8]?, type: Oid) {
        offsets.append(raw.map { _ in bytes.count })
        lengths.append(Int32(clamping: raw?.count ?? 0))
        formats.append(raw == nil ? 0 : 1)
        types.append(type)
        // One byte behind every value keeps a pointer to an empty last value inside of the buffer.
        if let raw { bytes.append(contentsOf: raw + [0]) }
    }

    /// Names the declared types; empty when the server infers all of them.
    var typeSignature: String {
        types.allSatisfy { $0 == 0 } ? "" : "\u{0}" + types.map(String.init).joined(separator: ",")
    }

    /// Calls the body with libpq's four arrays.
    func withPointers<R>(
        _ body: (
            _ count: Int32, _ types: UnsafePointer<Oid>?, _ values: UnsafePointer<UnsafePointer<CChar>?>?,
            _ lengths: UnsafePointer<Int32>?, _ formats: UnsafePointer<Int32>?
        ) -> R
    ) -> R {
        bytes.withUnsafeBytes { raw in
            let base = raw.bindMemory(to: CChar.self).baseAddress
            let values = offsets.map { offset in offset.flatMap { offset in base.map { $0 + offset } } }
            return values.withUnsafeBufferPointer { values in
                types.withUnsafeBufferPointer { types in
                    lengths.withUnsafeBufferPointer { lengths in
                        formats.withUnsafeBufferPointer { formats in
                            body(
                                Int32(values.count),
                                types.baseAddress,
                                values.baseAddress,
                                lengths.baseAddress,
                                formats.baseAddress
                            )
                        }
                    }
                }
            }
        }
    }
}

extension EncodedParameters {
    /// PostgreSQL's spelling of a floating-point number.
    static func text(of number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        return number.description
    }

    /// `{"a","b\"c"}`: every element quoted, quotes and backslashes escaped.
    static func arrayLiteral(_ texts: [String]) -> String {
        var result: [UInt8] = [UInt8(ascii: "{")]
        for (index, text) in texts.enumerated() {
            if index > 0 { result.append(UInt8(ascii: ",")) }
            result.append(UInt8(ascii: "\""))
            for byte in text.utf8 {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { result.append(UInt8(ascii: "\\")) }
                result.append(byte)
            }
            result.append(UInt8(ascii: "\""))
        }
        result.append(UInt8(ascii: "}"))
        return String(decoding: result, as: UTF8.self)
    }

    private static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
