/// One parsed JSON value with the place of every part: an immutable tape over the bytes.
///
/// A document is one reference and cheap to pass. It keeps the array that its bytes came from alive and needs 16 bytes
/// for each value and member name beside it. Nothing is converted on reading: numbers and strings stay text.
public struct JSONDocument: Sendable {
    /// What all views share.
    ///
    /// Unchecked, because the tape is a pointer: it is written before the storage exists, read only, and freed with it.
    @usableFromInline
    final class Storage: @unchecked Sendable {
        @usableFromInline let bytes: ArraySlice<UInt8>
        /// The absolute offset of the first byte.
        @usableFromInline let base: Int
        @usableFromInline let tape: UnsafeMutableBufferPointer<TapeNode>

        init(bytes: ArraySlice<UInt8>, base: Int, tape: UnsafeMutableBufferPointer<TapeNode>) {
            self.bytes = bytes
            self.base = base
            self.tape = tape
        }

        deinit { RawMemory.release(tape.baseAddress) }

        var nodeCount: Int { tape.count }

        @inlinable
        func node(_ index: Int) -> TapeNode { tape[index] }
    }

    @usableFromInline let storage: Storage

    /// A document of a tape that was written while its text was read.
    init(bytes: ArraySlice<UInt8>, base: Int, tape: UnsafeMutableBufferPointer<TapeNode>) {
        storage = Storage(bytes: bytes, base: base, tape: tape)
    }

    /// Reads exactly one value as RFC 8259 has it, with white space around it: UTF-8, no byte order mark.
    ///
    /// Duplicate names, lone surrogate escapes and numbers of any size are grammatical and kept as they are.
    public init(
        strict bytes: ArraySlice<UInt8>,
        limits: JSONLimits = JSONLimits()
    ) throws(JSONSyntaxError) {
        storage = try Self.read(bytes, base: 0, skipsMark: false, limits: limits)
    }

    /// Reads exactly one value as RFC 8259 has it; see the other initialiser.
    public init(strict bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONSyntaxError) {
        try self.init(strict: bytes[...], limits: limits)
    }

    /// Reads one value with white space around it and possibly a byte order mark before it.
    ///
    /// `base` is the absolute offset of the first byte: spans and the offsets of errors count from it. The line and
    /// column of an error count from the first byte.
    public init(
        tolerant bytes: ArraySlice<UInt8>,
        base: Int = 0,
        limits: JSONLimits = JSONLimits()
    ) throws(JSONSyntaxError) {
        storage = try Self.read(bytes, base: base, skipsMark: true, limits: limits)
    }

    /// Reads one value, possibly behind a byte order mark; see the other initialiser.
    public init(
        tolerant bytes: [UInt8],
        base: Int = 0,
        limits: JSONLimits = JSONLimits()
    ) throws(JSONSyntaxError) {
        try self.init(tolerant: bytes[...], base: base, limits: limits)
    }

    /// The value.
    public var root: JSONValue { JSONValue(storage: storage, index: 0) }

    /// All bytes that were read, white space around the value included.
    public var bytes: ArraySlice<UInt8> { storage.bytes }

    /// The memory that the document needs beside its bytes; bytes.
    public var overhead: Int { storage.nodeCount * MemoryLayout<TapeNode>.stride }

    /// The names that occur more than once in one object, for all objects in the order of the text.
    public var duplicateKeys: [DuplicateKey] {
        var found: [DuplicateKey] = []
        for index in 0..<storage.nodeCount where storage.node(index).kind == .object {
            found += JSONValue(storage: storage, index: index).duplicateKeys
        }
        return found
    }
}

extension JSONDocument: Hashable {
    /// Whether two documents are of the same bytes at the same place.
    public static func == (left: JSONDocument, right: JSONDocument) -> Bool {
        left.storage.base == right.storage.base && left.bytes == right.bytes
    }

    /// Hashes the bytes and their place.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(storage.base)
        hasher.combine(bytes)
    }
}

extension JSONDocument {
    private static func read(
        _ bytes: ArraySlice<UInt8>,
        base: Int,
        skipsMark: Bool,
        limits: JSONLimits
    ) throws(JSONSyntaxError) -> Storage {
        var builder = TapeBuilder(byteCount: bytes.count)
        let error = bytes.withUnsafeBytes { raw in
            parse(raw, skipsMark: skipsMark, limits: limits, builder: &builder).map { fault in
                var located = fault
                located.offset += base
                return LineCounter(position: base).locate(located, in: raw, base: base)
            }
        }
        if let error { throw error }
        return Storage(bytes: bytes, base: base, tape: builder.take())
    }

    /// Builds the tape; returns what does not fit, its offset counted from the first byte.
    private static func parse(
        _ raw: UnsafeRawBufferPointer,
        skipsMark: Bool,
        limits: JSONLimits,
        builder: inout TapeBuilder
    ) -> Fault? {
        guard raw.count <= Int(Int32.max) else { return Fault(expectation: .documentLength, offset: 0, found: nil) }
        if ForeignEncoding.isRecognised(raw) {
            return Fault(expectation: .utf8Text, offset: 0, found: raw[0])
        }
        let start = skipsMark && raw.starts(with: Ascii.byteOrderMark) ? Ascii.byteOrderMark.count : 0
        var machine = GrammarStateMachine(maximumDepth: limits.maximumDepth, isLenient: false)
        let (index, outcome) = machine.run(raw, from: start, base: 0, isFinal: true, sink: &builder)
        if case .failed(let fault) = outcome { return fault }
        var rest = index
        while rest < raw.count, raw[rest].isJSONWhitespace { rest += 1 }
        return rest < raw.count ? Fault(expectation: .endOfText, offset: rest, found: raw[rest]) : nil
    }
}
