public import Domain
import LosslessJSON

/// Turns the bytes of files into records and rows, as a mapping says.
///
/// Memory is bounded by `ExtractionLimits`, whatever the size of a file: values are streamed, and a top-level value
/// that is too large to hold back until it proves valid makes the file be read twice.
public struct RecordExtractor: Sendable {
    /// Reads up to the buffer's size; 0 at the end.
    public typealias ByteReader = (UnsafeMutableRawBufferPointer) throws -> Int

    /// Goes up when the same bytes and the same mapping give other records than before: what was read then is read anew.
    public static let revision = 2

    /// The mapping.
    public let mapping: Mapping
    /// The bounds.
    public let limits: ExtractionLimits

    /// An extractor for a mapping.
    public init(mapping: Mapping, limits: ExtractionLimits = ExtractionLimits()) {
        self.mapping = mapping
        self.limits = limits
    }

    /// A file, or a member of a container, that is to be read.
    public struct Source: Sendable {
        /// The path relative to the project root.
        public var path: [UInt8]
        /// The member's path in the container; nil for the file itself.
        public var member: [UInt8]?
        /// The id of this content at this place.
        public var fileID: DeterministicID
        /// The number of bytes.
        public var size: Int

        /// A source.
        public init(path: [UInt8], member: [UInt8]? = nil, fileID: DeterministicID, size: Int) {
            self.path = path
            self.member = member
            self.fileID = fileID
            self.size = size
        }

        var mappingPath: MappingPath { MappingPath(path, member: member) }
    }

    /// The first rule that takes a file or a member of a container; nil when none does.
    public func plan(for path: [UInt8], member: [UInt8]? = nil) -> MappingRule? {
        mapping.rule(for: MappingPath(path, member: member))
    }

    /// The stable id of a record.
    public static func recordID(
        fileID: DeterministicID,
        pointer: String,
        ordinal: Int,
        byteStart: Int
    ) -> DeterministicID {
        DeterministicID(namespace: .record) { parts in
            parts.append(fileID)
            parts.append(pointer)
            parts.append(ordinal)
            parts.append(byteStart)
        }
    }

    /// Reads a file and hands out its records in the order in which they end.
    ///
    /// `open` starts to read the file from its first byte; it is called once, and again for a value that is too large
    /// to hold back or a stretch that is looked at for repairs. With `acceptRepairs` the records of a broken stretch
    /// come from its repaired text, where a repair is proposed.
    ///
    /// A caller that can forget the records of a file gives `retract`: those of a value too large to be held back are handed
    /// out before it is known to be valid, and where it is not, `retract` is called, once, and the file is read anew: what
    /// was handed out before counts no more. Without it such a value is read ahead. Throws only what `open`, its readers,
    /// `retract` and `emit` throw.
    public func extract(
        _ source: Source,
        acceptRepairs: Bool = false,
        open: () throws -> ByteReader,
        retract: (() throws -> Void)? = nil,
        emit: (ExtractedRecord) throws -> Void
    ) throws -> FileReading {
        let path = source.mappingPath
        let rule = mapping.rule(for: path)
        guard rule.map(\.readsRecords) ?? path.isNamedJSON else {
            var reading = FileReading(state: .notJSON, rule: rule?.name)
            if rule?.format == .note { reading.findings = [try Self.note(open: open)] }
            return reading
        }
        func read(trusting: Bool) throws -> FileReading? {
            var run = ExtractionRun(
                limits: limits,
                source: source,
                path: path,
                rule: rule,
                acceptRepairs: acceptRepairs,
                trustsLargeValues: trusting
            )
            try run.read(open: open, emit: emit)
            return run.hasTrustedInVain ? nil : run.finishedReading()
        }
        if let retract {
            if let reading = try read(trusting: true) { return reading }
            try retract()
        }
        guard let reading = try read(trusting: false) else {
            preconditionFailure("a run that trusts nothing cannot fail")
        }
        return reading
    }

    /// Reads a file whose bytes are in memory; see the other method.
    public func extract(
        _ source: Source,
        bytes: [UInt8],
        acceptRepairs: Bool = false,
        emit: (ExtractedRecord) throws -> Void
    ) throws -> FileReading {
        try extract(source, acceptRepairs: acceptRepairs, open: { Self.reader(of: bytes) }, emit: emit)
    }

    /// Maps one stored record again without its file: the same rows as when it was extracted.
    ///
    /// `text` is the record's exact bytes; `source` needs the file's path and id, its size is not used. Nil when no rule
    /// of the mapping takes the path, or none of its selections the pointer.
    public func rebuild(
        text: ArraySlice<UInt8>,
        source: Source,
        pointer: String,
        ordinal: Int,
        byteStart: Int,
        isRepaired: Bool = false
    ) -> ExtractedRecord? {
        let path = source.mappingPath
        guard let rule = mapping.rule(for: path), let tokens = MappingPointer.split(pointer) else { return nil }
        let factory = RecordFactory(limits: limits, source: source, path: path, isRepaired: isRepaired)
        let place = RecordFactory.Place(
            fileID: source.fileID,
            pointer: pointer,
            ordinal: ordinal,
            span: ByteSpan(start: byteStart, end: byteStart + text.count)
        )
        let selections = rule.selections.filter { $0.matches(tokens) }
        return selections.isEmpty ? nil : factory.record(at: place, text: text, selections: selections)
    }

    /// The text of a note as a finding, at most 1,000 bytes of it.
    private static func note(open: () throws -> ByteReader) throws -> Finding {
        let reader = try open()
        var buffer = [UInt8](repeating: 0, count: 1_000)
        var count = 0
        while count < buffer.count {
            let read = try buffer.withUnsafeMutableBytes {
                try reader(UnsafeMutableRawBufferPointer(rebasing: $0[count...]))
            }
            if read == 0 { break }
            count += read
        }
        return Finding(rule: .notImportable, message: readableText(buffer[..<count]))
    }

    /// A reader of bytes in memory.
    public static func reader(of bytes: [UInt8]) -> ByteReader {
        var position = 0
        return { buffer in
            let count = min(buffer.count, bytes.count - position)
            guard count > 0 else { return 0 }
            bytes.withUnsafeBytes {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + count]))
            }
            position += count
            return count
        }
    }
}
