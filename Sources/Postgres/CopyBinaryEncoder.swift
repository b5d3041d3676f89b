/// Builds the binary format of `COPY … FROM STDIN (FORMAT binary)`, every type in its exact binary form.
///
/// A new encoder begins with the header; `take()` hands out what has been built, to be written piece by piece; `finish()`
/// adds the trailer once at the end. The caller keeps to the table: as many values per row as `startRow` says, in the
/// order and of the types of the COPY's columns. Text must be UTF-8 without U+0000, or the server refuses the COPY.
/// Format: PostgreSQL manual, COPY, "Binary Format", and the `…_recv` functions of the types.
public struct CopyBinaryEncoder: Sendable {
    /// What has been built and not taken.
    public internal(set) var bytes: [UInt8]

    /// How many bytes have been built and not taken.
    public var count: Int { bytes.count }

    /// What ends a COPY, for callers that send it behind bytes that they do not want copied.
    public static let trailer: [UInt8] = [0xFF, 0xFF]

    /// An encoder that holds the header.
    public init() {
        bytes = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00]
        append(Int32(0))
        append(Int32(0))
    }

    /// Hands out what has been built and starts anew behind it.
    public mutating func take() -> [UInt8] {
        var piece: [UInt8] = []
        take(into: &piece)
        return piece
    }

    /// Hands out what has been built in place of `piece`, and starts anew behind it in the memory that this had: new memory
    /// would be fetched from the system page by page.
    public mutating func take(into piece: inout [UInt8]) {
        swap(&bytes, &piece)
        bytes.removeAll(keepingCapacity: true)
        bytes.reserveCapacity(piece.capacity)
    }

    // MARK: Rows

    /// Begins a row of so many values.
    public mutating func startRow(columns: Int) {
        append(Int16(columns))
    }

    /// Adds the trailer; nothing may follow.
    public mutating func finish() {
        bytes += Self.trailer
    }

    // MARK: Values

    /// NULL.
    public mutating func null() {
        append(Int32(-1))
    }

    /// `text`, `varchar`, `char(n)`.
    public mutating func text(_ text: String) {
        append(Int32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// `text` from its UTF-8 bytes.
    public mutating func text(_ utf8: some Collection<UInt8>) {
        appendField(utf8)
    }

    /// `bigint`.
    public mutating func integer(_ number: Int64) {
        appendEightBytes(UInt64(bitPattern: number))
    }

    /// `integer`.
    public mutating func int32(_ number: Int32) {
        append(Int32(4))
        append(number)
    }

    /// `smallint`.
    public mutating func int16(_ number: Int16) {
        append(Int32(2))
        append(number)
    }

    /// `double precision`.
    public mutating func double(_ number: Double) {
        appendEightBytes(number.bitPattern)
    }

    /// `boolean`.
    public mutating func boolean(_ flag: Bool) {
        append(Int32(1))
        bytes.append(flag ? 1 : 0)
    }

    /// `timestamptz`, in microseconds since 1970-01-01T00:00:00Z; the server refuses what is outside of its range.
    public mutating func instant(microseconds: Int64) {
        appendEightBytes(UInt64(bitPattern: Self.microsecondsSince2000(microseconds)))
    }

    /// `date`, in days since 1970-01-01.
    public mutating func date(days: Int32) {
        append(Int32(4))
        append(Int32(clamping: Int64(days) - 10_957))
    }

    /// `uuid`, its first and its last eight bytes as numbers.
    public mutating func uuid(high: UInt64, low: UInt64) {
        append(Int32(16))
        append(high)
        append(low)
    }

    /// `bytea`.
    public mutating func bytes(_ raw: some Collection<UInt8>) {
        appendField(raw)
    }

    /// `json`, its exact text.
    public mutating func json(_ text: some Collection<UInt8>) {
        appendField(text)
    }

    /// `jsonb`, as JSON text behind the version byte 1.
    public mutating func jsonb(_ text: some Collection<UInt8>) {
        append(Int32(text.count + 1))
        bytes.append(1)
        appendAll(text)
    }

    /// `text[]`, one dimension, no NULLs.
    public mutating func textArray(_ texts: [String]) {
        let size = texts.reduce(0) { $0 + 4 + $1.utf8.count }
        append(Int32(texts.isEmpty ? 12 : 20 + size))
        append(Int32(texts.isEmpty ? 0 : 1))
        append(Int32(0))
        append(Int32(25))
        guard !texts.isEmpty else { return }
        append(Int32(texts.count))
        append(Int32(1))
        for text in texts { self.text(text) }
    }

    /// `numeric`, from decimal text with optional sign, fraction and exponent, or `NaN`; exact, with as many decimals as
    /// the server itself would keep.
    ///
    /// Throws `postgres.protocol` for what is no such text or beyond `numeric`'s range; nothing is added then.
    public mutating func numeric(_ text: String) throws(PostgresError) {
        try add(atMost: CopyRow.overhead + text.utf8.count) { (row) throws(PostgresError) in try row.numeric(text) }
    }

    // MARK: Parts

    /// Adds so many bytes, to be written over.
    mutating func makeRoom(_ count: Int) {
        var rest = count
        while rest > 0 {
            let piece = min(rest, Self.blank.count)
            bytes.append(contentsOf: Self.blank[..<piece])
            rest -= piece
        }
    }

    private static let blank = [UInt8](repeating: 0, count: 4 << 10)

    /// Takes back what was added beyond `count` bytes.
    mutating func shorten(to count: Int) {
        bytes.removeLast(bytes.count - count)
    }

    /// PostgreSQL counts from 2000-01-01; beyond 64 bits the result is one that the server refuses.
    static func microsecondsSince2000(_ microseconds: Int64) -> Int64 {
        let (result, overflow) = microseconds.subtractingReportingOverflow(946_684_800_000_000)
        return overflow ? Int64.min + 1 : result
    }

    private mutating func appendField(_ field: some Collection<UInt8>) {
        append(Int32(field.count))
        appendAll(field)
    }

    /// Copies in one go what lies in one piece: callers in other modules get the generic code, byte by byte.
    private mutating func appendAll(_ content: some Collection<UInt8>) {
        let isCopied: Void? = content.withContiguousStorageIfAvailable { bytes.append(contentsOf: $0) }
        if isCopied == nil { bytes.append(contentsOf: content) }
    }

    /// A value of eight bytes behind its length, in one piece: most values of most tables are of this size.
    private mutating func appendEightBytes(_ value: UInt64) {
        let field = (
            UInt32(8).bigEndian, UInt32(truncatingIfNeeded: value >> 32).bigEndian,
            UInt32(truncatingIfNeeded: value).bigEndian
        )
        withUnsafeBytes(of: field) { bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
