// Behind an invalid stretch: where, if anywhere, the stream goes on. The rules and their reasons are in docs/json.md.

extension JSONRecordScanner {
    /// The search for the end of an invalid stretch.
    struct Recovery: Sendable {
        let firstLine: FirstLine
        /// The absolute offset of the next byte to look at.
        var cursor: Int
        /// Behind the last byte of the stretch so far that is no white space.
        var contentEnd: Int
        /// That byte.
        var lastByte: UInt8
        /// The bytes read to judge candidates.
        var work = 0
    }

    /// What a line that begins with a bracket turns out to be.
    enum Candidate: Hashable, Sendable {
        /// A value that stands for itself: the stream goes on here.
        case accepted
        /// Broken, or inside the broken value: the search goes on from this offset.
        case rejected(resumeAt: Int)
    }

    /// The most values in a row that are looked at behind a candidate.
    private static let longestChain = 16

    /// Reports the broken value and goes on where the next line stands for itself.
    mutating func recover(from value: OpenValue, fault: Fault) throws {
        let error = valueError ?? window.locate(fault)
        guard tolerance == .tolerant, value.isOnOwnLine else {
            return try invalidateRest(from: value.start, error: error)
        }
        var recovery = makeRecovery(value, fault: fault)
        while try nextLine(&recovery), recovery.work <= limits.maximumRecoveryBytes {
            guard window[recovery.cursor].opensContainer, isPlausible(recovery) else { continue }
            let candidate = recovery.cursor
            switch try judge(candidate, &recovery) {
            case .accepted:
                endInvalid(ByteSpan(start: value.start, end: recovery.contentEnd), error)
                position = candidate
                isOnNewLine = true
                lastValue = nil
                phase = .between
                return
            case .rejected(let resume):
                note(&recovery, to: resume)
            }
        }
        note(&recovery, to: recovery.cursor)
        try invalidateRest(from: value.start, error: error, contentEnd: recovery.contentEnd)
    }

    /// Reports everything from `start` to the end of the stream as one invalid stretch.
    mutating func invalidateRest(from start: Int, error: JSONSyntaxError, contentEnd: Int? = nil) throws {
        var contentEnd = window.contentEnd(from: max(start, window.base), to: window.end) ?? contentEnd ?? start
        position = window.end
        while try window.fill(keeping: position) {
            contentEnd = window.contentEnd(from: position, to: window.end) ?? contentEnd
            position = window.end
        }
        endInvalid(ByteSpan(start: start, end: contentEnd), error)
        phase = .finished
    }

    private func makeRecovery(_ value: OpenValue, fault: Fault) -> Recovery {
        let firstLine = value.firstLine ?? FirstLine(of: value.start, before: fault.offset, in: window)
        // A torn line of JSONL may have swallowed the lines behind it; a pretty-printed value owns its lines.
        let far = max(value.start, fault.offset - Self.lookBack)
        let near = max(value.start, fault.offset - 1)
        let cursor = firstLine == .open ? near : far
        let contentEnd = window.contentEnd(from: far, to: cursor) ?? cursor
        let lastByte = contentEnd > far ? window[contentEnd - 1] : 0
        return Recovery(firstLine: firstLine, cursor: cursor, contentEnd: contentEnd, lastByte: lastByte)
    }

    /// Moves to the first byte of the next line; false at the end of the stream.
    private mutating func nextLine(_ recovery: inout Recovery) throws -> Bool {
        while true {
            if let newline = window.firstNewline(from: recovery.cursor, to: window.end) {
                note(&recovery, to: newline + 1)
                if newline + 1 < window.end { return true }
                return try window.fill(keeping: newline + 1)
            }
            note(&recovery, to: window.end)
            guard try window.fill(keeping: recovery.cursor) else { return false }
        }
    }

    /// Takes the bytes up to `end` into the stretch.
    private func note(_ recovery: inout Recovery, to end: Int) {
        if let contentEnd = window.contentEnd(from: recovery.cursor, to: end) {
            recovery.contentEnd = contentEnd
            recovery.lastByte = window[contentEnd - 1]
        }
        recovery.cursor = end
    }

    /// Whether a line of a pretty-printed broken value may be a value of its own: not when the line before asks for more.
    private func isPlausible(_ recovery: Recovery) -> Bool {
        guard recovery.firstLine == .open else { return true }
        return !recovery.lastByte.opensContainer && recovery.lastByte != Ascii.comma
            && recovery.lastByte != Ascii.colon
    }
}

// MARK: - Candidates

extension JSONRecordScanner {
    /// Reads the value at `candidate` and what follows it, and leaves the window there.
    private mutating func judge(_ candidate: Int, _ recovery: inout Recovery) throws -> Candidate {
        var cursor = candidate
        defer { recovery.work += cursor - candidate }
        for chained in 1...Self.longestChain {
            guard let isWhole = try readCandidate(&cursor, from: candidate) else { return .accepted }
            guard isWhole else { return chained > 1 ? .accepted : .rejected(resumeAt: candidate + 1) }
            let end = cursor
            guard let next = try skipToContent(&cursor, from: candidate) else { return .accepted }
            if next.byte.isInnerPunctuation { return .rejected(resumeAt: end) }
            if !next.isOnNewLine, !next.byte.opensContainer {
                return chained > 1 ? .accepted : .rejected(resumeAt: end)
            }
            // Of values pasted into a pretty-printed one only the last is followed by punctuation.
            guard recovery.firstLine == .open, next.isOnNewLine, next.byte.opensContainer else { return .accepted }
        }
        return .accepted
    }

    /// Reads one value; nil when `maximumRecordBytes` behind `candidate` are not enough to tell.
    private mutating func readCandidate(_ cursor: inout Int, from candidate: Int) throws -> Bool? {
        var machine = GrammarStateMachine(maximumDepth: limits.maximumDepth, isLenient: true)
        var sink = SilentSink()
        let limit = candidate + limits.maximumRecordBytes
        while true {
            let cut = min(window.end, limit)
            let isFinal = window.isAtEnd && cut == window.end
            let text = UnsafeRawBufferPointer(rebasing: window.bytes[..<(cut - window.base)])
            let (index, outcome) = machine.run(
                text,
                from: cursor - window.base,
                base: window.base,
                isFinal: isFinal,
                sink: &sink
            )
            cursor = window.base + index
            switch outcome {
            case .finished: return true
            case .failed: return false
            case .starved where window.end >= limit: return nil
            case .starved: _ = try window.fill(keeping: candidate)
            }
        }
    }

    /// Skips white space; nil at the end of the stream or `maximumRecordBytes` behind `candidate`.
    private mutating func skipToContent(
        _ cursor: inout Int,
        from candidate: Int
    ) throws -> (byte: UInt8, isOnNewLine: Bool)? {
        var isOnNewLine = false
        while cursor - candidate < limits.maximumRecordBytes {
            if cursor == window.end {
                guard try window.fill(keeping: candidate) else { return nil }
            }
            let byte = window[cursor]
            guard byte.isJSONWhitespace else { return (byte, isOnNewLine) }
            if byte == Ascii.newline { isOnNewLine = true }
            cursor += 1
        }
        return nil
    }
}
