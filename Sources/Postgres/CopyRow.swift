/// Values of a row of a COPY, written in place into room that was made for all of them.
///
/// The caller sees to it that the room suffices: a value beyond it ends the program.
public struct CopyRow: ~Copyable {
    @usableFromInline var place: UnsafeMutableRawPointer
    @usableFromInline let end: UnsafeMutableRawPointer

    /// The most that any value needs beside its own bytes; bytes.
    public static let overhead = 24

    init(place: UnsafeMutableRawPointer, end: UnsafeMutableRawPointer) {
        self.place = place
        self.end = end
    }

    /// NULL.
    @inlinable
    public mutating func null() {
        put(UInt32.max)
    }

    /// `text`, `json` or `bytea` from its bytes in memory.
    @inlinable
    public mutating func field(_ content: UnsafeBufferPointer<UInt8>) {
        put(UInt32(truncatingIfNeeded: content.count).bigEndian)
        append(UnsafeRawBufferPointer(content))
    }

    /// `bigint`.
    @inlinable
    public mutating func integer(_ number: Int64) {
        put(UInt32(8).bigEndian)
        put(number.bigEndian)
    }

    /// `boolean`.
    @inlinable
    public mutating func boolean(_ flag: Bool) {
        put(UInt32(1).bigEndian)
        put(UInt8(flag ? 1 : 0))
    }

    /// `timestamptz`, in microseconds since 1970-01-01T00:00:00Z; the server refuses what is outside of its range.
    public mutating func instant(microseconds: Int64) {
        integer(CopyBinaryEncoder.microsecondsSince2000(microseconds))
    }

    /// `uuid`, its first and its last eight bytes as numbers.
    public mutating func uuid(high: UInt64, low: UInt64) {
        put(UInt32(16).bigEndian)
        put(high.bigEndian)
        put(low.bigEndian)
    }

    /// `numeric`, as `CopyBinaryEncoder.numeric` has it; nothing is added when it throws.
    public mutating func numeric(_ text: String) throws(PostgresError) {
        let number = try NumericDigits(text)
        put(UInt32(8 + number.groups.count * 2).bigEndian)
        put(UInt16(number.groups.count).bigEndian)
        put(Int16(number.weight).bigEndian)
        put(number.sign.bigEndian)
        put(UInt16(number.decimals).bigEndian)
        for group in number.groups { put(group.bigEndian) }
    }

    /// `text[]` of texts that each stand behind their length in bytes as four bytes, highest first.
    public mutating func textArray(encoded texts: UnsafeBufferPointer<UInt8>) {
        var (count, place) = (0, 0)
        while place < texts.count {
            place += 4 + texts[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            count += 1
        }
        // One dimension or none, no NULLs, elements of type `text`.
        put(UInt32(count == 0 ? 12 : 20 + texts.count).bigEndian)
        put(UInt32(count == 0 ? 0 : 1).bigEndian)
        put(UInt32(0))
        put(UInt32(25).bigEndian)
        guard count > 0 else { return }
        put(UInt32(count).bigEndian)
        put(UInt32(1).bigEndian)
        append(UnsafeRawBufferPointer(texts))
    }

    @inlinable
    mutating func put<Number: FixedWidthInteger>(_ number: Number) {
        precondition(place + MemoryLayout<Number>.size <= end, "a row has more values than there is room for")
        place.storeBytes(of: number, as: Number.self)
        place += MemoryLayout<Number>.size
    }

    @inlinable
    mutating func append(_ content: UnsafeRawBufferPointer) {
        guard let start = content.baseAddress else { return }
        precondition(place + content.count <= end, "a row has more values than there is room for")
        place.copyMemory(from: start, byteCount: content.count)
        place += content.count
    }
}

// It points into memory that is there for the time of a call.
@available(*, unavailable)
extension CopyRow: Sendable {}

extension CopyBinaryEncoder {
    /// Adds values that need `size` bytes at the most, in place: the bytes grow once, and not value by value.
    ///
    /// Throws what `write` throws; nothing is added then.
    public mutating func add(
        atMost size: Int,
        _ write: (inout CopyRow) throws(PostgresError) -> Void
    ) throws(PostgresError) {
        let start = bytes.count
        makeRoom(size)
        let used: Result<Int, PostgresError> = bytes.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return .success(0) }
            var row = CopyRow(place: base + start, end: base + bytes.count)
            do throws(PostgresError) {
                try write(&row)
                return .success(row.place - base)
            } catch {
                return .failure(error)
            }
        }
        switch used {
        case .success(let end): shorten(to: end)
        case .failure(let error):
            shorten(to: start)
            throw error
        }
    }
}
