/// What extension headers (pax `x` and `g`, GNU `L` and `K`) say about the member behind them.
struct TarExtension {
    /// The largest extension header that is read; real ones are some hundred bytes.
    static let maximumBytes = 1 << 20

    var path: [UInt8]?
    var linkTarget: [UInt8]?
    var size: Int?
    var mtimeNanoseconds: Int64?

    /// Takes over the records of a pax header: `<length> <key>=<value>\n`, repeated.
    mutating func apply(pax bytes: [UInt8], offset: Int) throws(CompressionError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let record = Self.takeRecord(&rest) else {
                throw CompressionError(.damaged, "A pax header of the tar archive is malformed", offset: offset)
            }
            try apply(key: record.key, value: record.value, offset: offset)
        }
    }

    /// Takes over the name in the content of a GNU long-name member, which may end with a NUL.
    static func longName(_ bytes: [UInt8]) -> [UInt8] {
        Array(bytes.prefix { $0 != 0 })
    }

    private static func takeRecord(
        _ rest: inout ArraySlice<UInt8>
    ) -> (key: ArraySlice<UInt8>, value: ArraySlice<UInt8>)? {
        guard let blank = rest.firstIndex(of: UInt8(ascii: " ")),
            let length = Int(String(decoding: rest[..<blank], as: UTF8.self)),
            length > blank - rest.startIndex + 2, length <= rest.count
        else { return nil }
        let end = rest.startIndex + length
        guard rest[end - 1] == UInt8(ascii: "\n"),
            let equals = rest[(blank + 1)..<end].firstIndex(of: UInt8(ascii: "="))
        else { return nil }
        defer { rest = rest[end...] }
        return (rest[(blank + 1)..<equals], rest[(equals + 1)..<(end - 1)])
    }

    private mutating func apply(key: ArraySlice<UInt8>, value: ArraySlice<UInt8>, offset: Int) throws(CompressionError)
    {
        switch String(decoding: key, as: UTF8.self) {
        case "path": path = value.isEmpty ? nil : Array(value)
        case "linkpath": linkTarget = value.isEmpty ? nil : Array(value)
        case "size":
            guard let size = Int(String(decoding: value, as: UTF8.self)), size >= 0, size <= Int.max - 1024 else {
                throw CompressionError(.damaged, "The size in a pax header is no number", offset: offset)
            }
            self.size = size
        case "mtime": mtimeNanoseconds = Self.nanoseconds(value)
        case let name where name.hasPrefix("GNU.sparse."):
            throw CompressionError(.unsupported, "The tar archive holds a sparse file", offset: offset)
        default: break
        }
    }

    /// `-?digits(.digits)?` seconds as nanoseconds; nil when it is none or out of range.
    private static func nanoseconds(_ value: ArraySlice<UInt8>) -> Int64? {
        let text = String(decoding: value, as: UTF8.self)
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let seconds = parts.first.flatMap({ Int64($0) }) else { return nil }
        let digits = parts.count == 2 ? parts[1].prefix(9) : ""
        guard digits.allSatisfy(\.isASCII),
            let fraction = Int64(digits + String(repeating: "0", count: 9 - digits.utf8.count)), fraction >= 0
        else { return nil }
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, sumOverflow) = whole.addingReportingOverflow(text.hasPrefix("-") ? -fraction : fraction)
        return overflow || sumOverflow ? nil : sum
    }
}
