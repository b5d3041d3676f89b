import Domain
import LosslessJSON

/// One reading of one file: scans it, holds the records of a value back until it proves valid, and hands them out.
struct ExtractionRun {
    let limits: ExtractionLimits
    let source: RecordExtractor.Source
    let path: MappingPath
    let rule: MappingRule?
    let acceptRepairs: Bool
    /// Whether records of a value too large to be held back go out before it is known to be valid.
    private let trustsLargeValues: Bool
    /// Whether records went out of a value that is invalid: nothing of the run counts then.
    private(set) var hasTrustedInVain = false
    /// What is added to offsets and ordinals of a repaired text.
    private let base: (offset: Int, ordinal: Int)
    private let factory: RecordFactory
    /// The rule's selections, each in a list of its own: most records have one.
    private let single: [[RecordSelection]]
    private(set) var reading: FileReading
    private var held: [Held] = []
    private var heldBytes = 0
    /// Whether the current value is known or trusted to be valid, so that its records go out as they come, or is invalid and
    /// they are dropped; nil while that is open.
    private var isCurrentValid: Bool?
    /// The first byte of the record of the current value that went out last.
    private var lastEmittedStart: Int?
    /// The invalid stretches of the whole file, once it had to be read ahead.
    private var invalidOrdinals: Set<Int>?

    /// A value that selectors chose, waiting for its top-level value to end.
    private struct Held {
        let record: FoundRecord
        /// The other selectors that chose it too; seldom any.
        var others: [Int] = []
    }

    private static let mostFileFindings = 1_000

    init(
        limits: ExtractionLimits,
        source: RecordExtractor.Source,
        path: MappingPath,
        rule: MappingRule?,
        acceptRepairs: Bool,
        trustsLargeValues: Bool = false,
        repairedAt base: (offset: Int, ordinal: Int)? = nil
    ) {
        self.limits = limits
        self.source = source
        self.path = path
        self.rule = rule
        self.acceptRepairs = acceptRepairs
        self.trustsLargeValues = trustsLargeValues
        self.base = base ?? (0, 0)
        factory = RecordFactory(limits: limits, source: source, path: path, isRepaired: base != nil)
        single = rule?.selections.map { [$0] } ?? []
        reading = FileReading(state: .empty, rule: rule?.name)
    }

    // MARK: Reading

    mutating func read(
        open: () throws -> RecordExtractor.ByteReader,
        emit: (ExtractedRecord) throws -> Void
    ) throws {
        let (selectors, fileID, base, limits) = (try selectors(), source.fileID, base, limits.json)
        let prepare = { @Sendable (item: ScanItem) in FoundItem(item, of: fileID, base: base) }
        if self.limits.scansAhead, source.size >= Self.scannedAheadBytes {
            return try ScanAhead.forEachItem(
                reader: try open(),
                selectors: selectors,
                limits: limits,
                prepare: prepare
            ) { try take($0, open: open, emit: emit) }
        }
        var scanner = JSONRecordScanner(
            reader: try open(),
            selectors: selectors,
            tolerance: .tolerant,
            limits: limits,
            readsRecords: true
        )
        while let item = try scanner.next() {
            guard try take(prepare(item), open: open, emit: emit) else { return }
        }
    }

    /// From this size on a file is worth a second thread; bytes.
    private static let scannedAheadBytes = 2 << 20

    private func selectors() throws -> [RecordSelector] {
        try (rule?.selections ?? []).map { try RecordSelector(pointer: $0.pointer) }
    }

    /// Handles an item; false when the rest of the file is not to be read.
    private mutating func take(
        _ item: FoundItem,
        open: () throws -> RecordExtractor.ByteReader,
        emit: (ExtractedRecord) throws -> Void
    ) throws -> Bool {
        switch item {
        case .record(let record):
            try hold(record, open: open, emit: emit)
            return true
        case .other(let item): return try take(item, open: open, emit: emit)
        }
    }

    private mutating func take(
        _ item: ScanItem,
        open: () throws -> RecordExtractor.ByteReader,
        emit: (ExtractedRecord) throws -> Void
    ) throws -> Bool {
        switch item {
        case .record: break
        case .value(let ordinal, _, _):
            reading.values += 1
            if isCurrentValid ?? true { try release(emit: emit) }
            startValue(after: ordinal)
        case .invalid(let ordinal, let span, let error):
            if trustsLargeValues, isCurrentValid != nil {
                hasTrustedInVain = true
                return false
            }
            startValue(after: ordinal)
            reading.error = reading.error ?? error
            reading.invalidStretches += 1
            let isWhole = rule?.format != .stream && !path.isNamedStreamWithoutRule(rule)
            try quarantine(ordinal, span, error, toEnd: isWhole, open: open, emit: emit)
            return !isWhole
        case .text(let span):
            note(.textAroundValue, "\(span.count) bytes of text that is no JSON stand around the value", at: span.start)
        case .byteOrderMark(let span):
            note(.byteOrderMark, "a byte order mark; it is no part of the value", at: span.start)
        }
        return true
    }

    private mutating func startValue(after ordinal: Int) {
        held.removeAll(keepingCapacity: true)
        heldBytes = 0
        lastEmittedStart = nil
        isCurrentValid = nil
    }

    // MARK: Holding back

    private mutating func hold(
        _ record: FoundRecord,
        open: () throws -> RecordExtractor.ByteReader,
        emit: (ExtractedRecord) throws -> Void
    ) throws {
        if isCurrentValid == false { return }
        if let last = held.last, last.record.place == record.place {
            held[held.count - 1].others.append(record.selector)
            return
        }
        if isCurrentValid != nil {
            try release(emit: emit)
        } else if heldBytes > mostHeldBytes {
            try decide(record.place.ordinal - base.ordinal, open: open, emit: emit)
            if isCurrentValid == false { return }
        }
        heldBytes += record.heldBytes
        held.append(Held(record: record))
    }

    /// So many bytes of records wait for the end of their value: fewer where they may go out before, because somebody waits
    /// for them.
    private var mostHeldBytes: Int {
        trustsLargeValues ? min(limits.heldBackBytes, Self.mostHeldOfTrusted) : limits.heldBackBytes
    }

    private static let mostHeldOfTrusted = 512 << 10

    /// Reads ahead to learn whether the current value is valid, unless it is trusted to be.
    private mutating func decide(
        _ ordinal: Int,
        open: () throws -> RecordExtractor.ByteReader,
        emit: (ExtractedRecord) throws -> Void
    ) throws {
        guard !trustsLargeValues else {
            isCurrentValid = true
            return try release(emit: emit)
        }
        let invalid = try invalidOrdinals ?? readAhead(open: open)
        invalidOrdinals = invalid
        isCurrentValid = !invalid.contains(ordinal)
        if invalid.contains(ordinal) {
            held.removeAll()
            heldBytes = 0
        } else {
            try release(emit: emit)
        }
    }

    /// The invalid stretches that are large enough to have been held back.
    private func readAhead(open: () throws -> RecordExtractor.ByteReader) throws -> Set<Int> {
        var scanner = JSONRecordScanner(reader: try open(), selectors: [], tolerance: .tolerant, limits: limits.json)
        var invalid: Set<Int> = []
        while let item = try scanner.next() {
            guard case .invalid(let ordinal, let span, _) = item else { continue }
            // A held record counts at most a hundred times its bytes.
            if span.count > limits.heldBackBytes / 128 { invalid.insert(ordinal) }
            if rule?.format == .json { break }
        }
        return invalid
    }

    /// Hands out what was held back.
    private mutating func release(emit: (ExtractedRecord) throws -> Void) throws {
        guard let rule else { return }
        for item in held {
            let selector = item.record.selector
            let selections =
                item.others.isEmpty
                ? single[selector] : ([selector] + item.others).sorted().map { rule.selections[$0] }
            guard let record = record(of: item.record, selections: selections) else { continue }
            lastEmittedStart = item.record.place.span.start
            reading.records += 1
            try emit(record)
        }
        held.removeAll(keepingCapacity: true)
        heldBytes = 0
    }

    private mutating func record(of item: FoundRecord, selections: [RecordSelection]) -> ExtractedRecord? {
        if let text = item.text {
            return factory.record(at: item.place, text: text, read: item.document, selections: selections)
        }
        if let certain = selections.first(where: { $0.conditions.isEmpty }) {
            return factory.tooLarge(at: item.place, selection: certain)
        }
        // Too large to test conditions: a record, unless it only wraps records that came out already. They end before
        // it, so that the last one out tells.
        guard let inner = lastEmittedStart, inner > item.place.span.start else {
            return selections.first.map { factory.tooLarge(at: item.place, selection: $0) }
        }
        let size = "\(item.place.span.count) bytes at \(RecordFindings.quote(item.place.pointer))"
        note(
            .recordTooLarge,
            "\(size) are too many to tell whether they are a record too; the records inside came out",
            at: item.place.span.start
        )
        return nil
    }

    // MARK: Invalid stretches

    private mutating func quarantine(
        _ ordinal: Int,
        _ span: ByteSpan,
        _ error: JSONSyntaxError,
        toEnd: Bool,
        open: () throws -> RecordExtractor.ByteReader,
        emit: (ExtractedRecord) throws -> Void
    ) throws {
        let end = toEnd ? max(span.end, source.size - base.offset) : span.end
        var located = ByteSpan(start: span.start, end: end)
        let text = try stretch(located, open: open)
        if let text { located.end = located.start + text.count }
        let canRepair = text.map { $0.count <= limits.repairBytes } ?? false
        let proposal =
            canRepair ? text.flatMap { JSONRepair.proposal(for: $0, base: span.start, limits: limits.json) } : nil
        if acceptRepairs, let text, let proposal, let repaired = proposal.apply(to: text, base: span.start),
            try emitRepaired(repaired, ordinal: ordinal, offset: span.start, emit: emit)
        {
            for finding in RecordFactory.findings(of: error, proposal: proposal) { add(finding) }
            return
        }
        let place = RecordFactory.Place(
            fileID: source.fileID,
            pointer: "",
            ordinal: ordinal + base.ordinal,
            span: located
        )
        reading.records += 1
        try emit(
            factory.invalid(
                at: place,
                text: text.map { $0[...] },
                kind: rule?.kind ?? RecordExtractor.unknownKind,
                error: error,
                proposal: proposal
            )
        )
    }

    /// Hands out the records of a repaired text; false when it gives none.
    private mutating func emitRepaired(
        _ text: [UInt8],
        ordinal: Int,
        offset: Int,
        emit: (ExtractedRecord) throws -> Void
    ) throws -> Bool {
        var run = ExtractionRun(
            limits: limits,
            source: source,
            path: path,
            rule: rule,
            acceptRepairs: false,
            repairedAt: (offset, ordinal)
        )
        try run.read(open: { RecordExtractor.reader(of: text) }, emit: emit)
        reading.records += run.reading.records
        return run.reading.records > 0
    }

    /// The bytes of a stretch without white space at its end; nil when there are more than a record may have.
    private func stretch(_ span: ByteSpan, open: () throws -> RecordExtractor.ByteReader) throws -> [UInt8]? {
        guard span.count <= max(limits.json.maximumRecordBytes, limits.repairBytes) else { return nil }
        let reader = try open()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var position = 0
        var text: [UInt8] = []
        while position < span.end {
            let count = try buffer.withUnsafeMutableBytes { try reader($0) }
            guard count > 0 else { break }
            let from = min(max(span.start - position, 0), count)
            let to = min(span.end - position, count)
            if from < to { text += buffer[from..<to] }
            position += count
        }
        while let last = text.last, [0x20, 0x0A, 0x0D, 0x09].contains(last) { text.removeLast() }
        return text
    }

    // MARK: The file

    private mutating func note(_ rule: FindingRule, _ message: String, at offset: Int? = nil) {
        add(Finding(rule: rule, message: message, byteOffset: offset))
    }

    private mutating func add(_ finding: Finding) {
        if reading.findings.count < Self.mostFileFindings { reading.findings.append(finding) }
    }

    /// The result, with the file's state and the findings that follow from it.
    mutating func finishedReading() -> FileReading {
        if reading.invalidStretches > 0 {
            reading.state = .invalid
        } else if reading.values > 0 {
            reading.state = reading.values == 1 ? .value : .values
        } else if source.size == 0 {
            note(.emptyFile, "the file has a JSON name and no byte")
        } else {
            reading.state = .whitespace
            note(.whitespaceFile, "the file has a JSON name and only white space")
        }
        if rule == nil { note(.unmappedFile, "no rule of the mapping takes the file; it is kept as it is") }
        return reading
    }
}

extension RecordExtractor {
    /// The kind of broken files that no rule takes.
    public static let unknownKind = "unknown"
}

extension MappingPath {
    /// Whether a file that no rule takes is read as a stream.
    func isNamedStreamWithoutRule(_ rule: MappingRule?) -> Bool {
        rule == nil && isNamedStream
    }
}
