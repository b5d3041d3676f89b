import Domain
import LosslessJSON

/// Makes extracted records of the places and bytes that scanning found.
struct RecordFactory {
    let limits: ExtractionLimits
    let source: RecordExtractor.Source
    let path: MappingPath
    let isRepaired: Bool
    let agents = InferredAgents()

    /// Where a record is.
    struct Place: Hashable, Sendable {
        let id: DeterministicID
        let pointer: String
        let ordinal: Int
        let span: ByteSpan

        /// A place in a file, with the record's id, which is made of it.
        init(fileID: DeterministicID, pointer: String, ordinal: Int, span: ByteSpan) {
            id = RecordExtractor.recordID(fileID: fileID, pointer: pointer, ordinal: ordinal, byteStart: span.start)
            self.pointer = pointer
            self.ordinal = ordinal
            self.span = span
        }
    }

    /// The record at a place for the first selection whose conditions hold; nil when none does.
    ///
    /// Its text is read where that was not done before.
    func record(
        at place: Place,
        text: ArraySlice<UInt8>,
        read: JSONDocument? = nil,
        selections: [RecordSelection]
    ) -> ExtractedRecord? {
        let document: JSONDocument
        do throws(JSONSyntaxError) {
            document =
                if let read { read } else {
                    try JSONDocument(tolerant: text, base: place.span.start, limits: limits.json)
                }
        } catch {
            return selections.first.map {
                invalid(at: place, text: text, kind: $0.shape.kind, error: error, proposal: nil)
            }
        }
        let value = document.root
        guard let selection = selections.first(where: { $0.conditions.allSatisfy { $0.holds(for: value) } }) else {
            return nil
        }
        return record(at: place, text: text, document: document, selection: selection)
    }

    private func record(
        at place: Place,
        text: ArraySlice<UInt8>,
        document: JSONDocument,
        selection: RecordSelection
    ) -> ExtractedRecord {
        let shape = selection.shape
        var mapper = RecordMapper(
            shape: shape,
            rank: selection.rank,
            path: path,
            agents: agents,
            pointer: place.pointer,
            ordinal: place.ordinal,
            record: document.root,
            limit: limits.findingsPerRecord
        )
        var inspector = RecordInspector()
        if !RecordScreen.isClean(document, mapper.fields) {
            inspector.inspect(document.root, findings: &mapper.findings)
        }
        let (disposition, rows) = mapper.map()
        if selection.checksFileName { checkFileName(&mapper) }
        if let reason = inspector.docReason, disposition == .candidate {
            mapper.findings.add(.notStorableAsJSONB, "jsonb cannot hold it: \(reason)", at: place.span.start)
        }
        return ExtractedRecord(
            recordID: place.id,
            pointer: place.pointer,
            ordinal: place.ordinal,
            span: place.span,
            kind: shape.kind,
            naturalID: mapper.naturalID,
            text: text,
            value: document.root,
            docReason: inspector.docReason,
            resolution: shape.resolution,
            sourceRank: selection.rank,
            newestTime: disposition == .candidate ? mapper.newestTime() : nil,
            disposition: disposition,
            isRepaired: isRepaired,
            rows: rows,
            findings: mapper.findings.finished()
        )
    }

    private func checkFileName(_ mapper: inout RecordMapper) {
        guard let id = mapper.naturalID, !path.stem.elementsEqual(id.utf8) else { return }
        mapper.findings.add(
            .nameDiffersFromID,
            "the file is named \(RecordFindings.quote(readableText(path.stem))), the id is \(RecordFindings.quote(id))",
            at: mapper.offset
        )
    }

    /// A record that is too large to be looked at.
    func tooLarge(at place: Place, selection: RecordSelection) -> ExtractedRecord {
        let message = "the record has \(place.span.count) bytes, the limit is \(limits.json.maximumRecordBytes)"
        return quarantined(
            at: place,
            text: nil,
            kind: selection.shape.kind,
            reason: "record_too_large",
            findings: [Finding(rule: .recordTooLarge, message: message, byteOffset: place.span.start)]
        )
    }

    /// A stretch that is no valid JSON.
    func invalid(
        at place: Place,
        text: ArraySlice<UInt8>?,
        kind: String,
        error: JSONSyntaxError,
        proposal: RepairProposal?
    ) -> ExtractedRecord {
        quarantined(
            at: place,
            text: text,
            kind: kind,
            reason: "invalid_json",
            findings: Self.findings(of: error, proposal: proposal)
        )
    }

    /// What an error says, with its place and its repair.
    static func findings(of error: JSONSyntaxError, proposal: RepairProposal?) -> [Finding] {
        var findings = [
            Finding(
                rule: .invalidJSON,
                message: error.message,
                byteOffset: error.offset,
                line: error.line,
                column: error.column,
                proposal: proposal.map(text(of:))
            )
        ]
        if error.reason == .invalidUTF8 {
            findings.append(
                Finding(
                    rule: .invalidUTF8,
                    message: error.message,
                    byteOffset: error.offset,
                    line: error.line,
                    column: error.column
                )
            )
        }
        return findings
    }

    /// The patches as text: `missing-value: bytes 1011..<1011: "null"`.
    static func text(of proposal: RepairProposal) -> String {
        let patches = proposal.patches.map { patch in
            let replacement = RecordFindings.quote(String(decoding: patch.replacement, as: UTF8.self))
            return "bytes \(patch.offset)..<\(patch.offset + patch.length): \(replacement)"
        }
        return "\(proposal.rule): \(patches.joined(separator: "; "))"
    }

    private func quarantined(
        at place: Place,
        text: ArraySlice<UInt8>?,
        kind: String,
        reason: String,
        findings: [Finding]
    ) -> ExtractedRecord {
        ExtractedRecord(
            recordID: place.id,
            pointer: place.pointer,
            ordinal: place.ordinal,
            span: place.span,
            kind: kind,
            naturalID: nil,
            text: text,
            value: nil,
            docReason: reason,
            resolution: .each,
            sourceRank: 0,
            newestTime: nil,
            disposition: .quarantined(reason),
            isRepaired: isRepaired,
            rows: [],
            findings: findings
        )
    }
}
