/// What a scanner found, in the order in which it ends in the stream.
///
/// Values, invalid stretches, text and byte order marks never overlap, and everything outside them is white space.
public enum ScanItem: Hashable, Sendable {
    /// A record that a selector chose.
    ///
    /// `selector` is the selector's place in the list given to the scanner and `ordinal` the top-level value's number,
    /// from 0. `pointer` is the record's own RFC 6901 pointer, empty for the whole value; a lone surrogate in it shows as
    /// its escape, `\ud800`. `bytes` is nil when the record is larger than `maximumRecordBytes`. `document` is the record
    /// read, where the scanner was asked for it and had it at hand: never of scalars, of records with others inside, of
    /// more than 256 KiB, and where a limit was broken in the value before. The records of a value come before the value
    /// itself; should it turn out invalid they come before that, and must be dropped.
    case record(
        selector: Int,
        ordinal: Int,
        pointer: String,
        span: ByteSpan,
        bytes: ArraySlice<UInt8>?,
        kind: JSONKind,
        document: JSONDocument?
    )
    /// A whole top-level value.
    case value(ordinal: Int, span: ByteSpan, kind: JSONKind)
    /// A stretch that is no value. It takes an ordinal like a value.
    case invalid(ordinal: Int, span: ByteSpan, error: JSONSyntaxError)
    /// Lines of text before the first or behind the last value; only when tolerant.
    case text(span: ByteSpan)
    /// The three bytes EF BB BF outside of values; only when tolerant.
    case byteOrderMark(span: ByteSpan)
}

/// What may stand around values.
public enum JSONTolerance: Hashable, Sendable {
    /// Exactly one value with white space around it, as RFC 8259 has it.
    case strict
    /// Any number of values, with byte order marks between them and text before and behind them.
    case tolerant
}
