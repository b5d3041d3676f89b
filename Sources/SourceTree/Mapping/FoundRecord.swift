import Domain
import LosslessJSON

/// What a scan handed out, its records named: the part of the work on them that needs no mapping, and leaves little behind
/// that another thread would have to fetch.
enum FoundItem: Sendable {
    /// A value that a selector chose.
    case record(FoundRecord)
    /// Everything else.
    case other(ScanItem)

    /// An item of the scan of a file; `base` is what is added to offsets and ordinals of a repaired text.
    init(_ item: ScanItem, of fileID: DeterministicID, base: (offset: Int, ordinal: Int)) {
        guard case .record(let selector, let ordinal, let pointer, let span, let text, _, let document) = item else {
            self = .other(item)
            return
        }
        let place = RecordFactory.Place(
            fileID: fileID,
            pointer: pointer,
            ordinal: ordinal + base.ordinal,
            span: ByteSpan(start: span.start + base.offset, end: span.end + base.offset)
        )
        // What was read counts from the first byte of the repaired text.
        let isInFile = base.offset == 0
        self = .record(
            FoundRecord(selector: selector, place: place, text: text, document: isInFile ? document : nil)
        )
    }

    /// The bytes that it holds, about.
    var heldBytes: Int {
        if case .record(let record) = self { record.heldBytes } else { 0 }
    }
}

/// A value that a selector chose.
///
/// A class: it goes through several hands, and each of them would copy the parts of a struct.
final class FoundRecord: Sendable {
    /// The selector's place in the list of the rule.
    let selector: Int
    let place: RecordFactory.Place
    /// The exact bytes; nil where there are more than a record may have.
    let text: ArraySlice<UInt8>?
    /// The text read; nil where that is still to be done.
    let document: JSONDocument?

    init(selector: Int, place: RecordFactory.Place, text: ArraySlice<UInt8>?, document: JSONDocument?) {
        self.selector = selector
        self.place = place
        self.text = text
        self.document = document
    }

    /// The bytes of a record beside its text: its place, and the blocks that these are in.
    private static let overhead = 192

    /// The bytes that it holds, about.
    var heldBytes: Int { Self.overhead + (text?.count ?? 0) + (document?.overhead ?? 0) }
}
