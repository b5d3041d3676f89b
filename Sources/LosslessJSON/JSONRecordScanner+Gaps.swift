// Between values: white space, byte order marks, text, and what is none of them.

extension JSONRecordScanner {
    /// Looks at the first bytes of the stream.
    mutating func begin() throws {
        phase = .between
        try window.require(4, from: 0)
        guard ForeignEncoding.isRecognised(window.bytes) else { return }
        let fault = Fault(expectation: .utf8Text, offset: 0, found: window[0])
        try invalidateRest(from: 0, error: window.locate(fault))
    }

    /// Skips white space and decides what the next byte begins.
    mutating func readGap() throws {
        while true {
            skipWhitespace()
            if position < window.end { return try dispatch(window[position]) }
            guard try window.fill(keeping: position) else { return finishStream() }
        }
    }

    private mutating func skipWhitespace() {
        while position < window.end {
            let byte = window[position]
            guard byte.isJSONWhitespace else { return }
            if byte == Ascii.newline { isOnNewLine = true }
            position += 1
        }
    }

    private mutating func dispatch(_ byte: UInt8) throws {
        guard tolerance == .tolerant else { return try dispatchStrictly(byte) }
        if byte == Ascii.byteOrderMark[0], text == nil, try skipByteOrderMark() { return }
        if byte.opensContainer || byte.beginsScalar && position < judgedEnd {
            flushText(isBeforeValue: true)
            return beginValue()
        }
        if byte.beginsScalar {
            return try dispatchScalarLine()
        }
        if byte.isInnerPunctuation || byte < 0x20 {
            return try invalidate(Fault(expectation: .value, offset: position, found: byte))
        }
        try readText()
    }

    private mutating func dispatchStrictly(_ byte: UInt8) throws {
        guard ordinal > 0 else { return beginValue() }
        let fault = Fault(expectation: .endOfText, offset: position, found: byte)
        try invalidateRest(from: position, error: window.locate(fault))
    }

    private mutating func skipByteOrderMark() throws -> Bool {
        let mark = Ascii.byteOrderMark
        try window.require(mark.count, from: position)
        guard window.end - position >= mark.count, window[position + 1] == mark[1], window[position + 2] == mark[2]
        else { return false }
        flushText(isBeforeValue: true)
        enqueue(.byteOrderMark(span: ByteSpan(start: position, end: position + mark.count)))
        position += mark.count
        return true
    }

    /// Reports what cannot begin a value, and goes on where the stream allows.
    private mutating func invalidate(_ fault: Fault) throws {
        flushText(isBeforeValue: true)
        valueError = nil
        try recover(from: valueAtPosition(), fault: fault)
    }

    private mutating func finishStream() {
        flushText(isBeforeValue: false)
        if tolerance == .strict, ordinal == 0 {
            let fault = Fault(expectation: .value, offset: position, found: nil)
            endInvalid(ByteSpan(start: position, end: position), window.locate(fault))
        }
        phase = .finished
    }
}

// MARK: - Lines of scalars and of text

extension JSONRecordScanner {
    /// A line that begins with a scalar is judged as a whole: `3 files found` is text, not the value 3 and then text.
    private mutating func dispatchScalarLine() throws {
        let line = try requireLine()
        let range = position - window.base..<line.end - window.base
        switch LineVerdict(of: window.bytes, in: range, isCut: line.isCut) {
        case .values:
            judgedEnd = line.end
            flushText(isBeforeValue: true)
            beginValue()
        case .text:
            try readText()
        case .invalid(let expectation, let index):
            let found = index < window.bytes.count ? window.bytes[index] : nil
            try invalidate(Fault(expectation: expectation, offset: window.base + index, found: found))
        }
    }

    /// Gets the line from `position` into the window, or its first 16 KiB when it is longer.
    private mutating func requireLine() throws -> (end: Int, isCut: Bool) {
        while true {
            let limit = position + Self.lookBack
            if let newline = window.firstNewline(from: position, to: min(limit, window.end)) { return (newline, false) }
            if limit <= window.end { return (limit, true) }
            guard try window.fill(keeping: position) else { return (window.end, false) }
        }
    }

    /// Reads text up to the end of its line.
    private mutating func readText() throws {
        if text == nil {
            let fault = Fault(expectation: .text, offset: position, found: window[position])
            text = PendingText(span: ByteSpan(start: position, end: position), misplaced: window.locate(fault))
        }
        while true {
            let newline = window.firstNewline(from: position, to: window.end)
            noteText(to: newline ?? window.end)
            position = newline ?? window.end
            if newline != nil { return }
            guard try window.fill(keeping: position) else { return }
        }
    }

    private mutating func noteText(to end: Int) {
        if text?.control == nil {
            let control = (position..<end).first { window[$0] < 0x20 && !Self.isTextControl(window[$0]) }
            if let control {
                text?.control = window.locate(Fault(expectation: .value, offset: control, found: window[control]))
            }
        }
        if let contentEnd = window.contentEnd(from: position, to: end) { text?.span.end = contentEnd }
    }

    /// The controls that logs and terminals write: tab, line ends, form feed, escape.
    private static func isTextControl(_ byte: UInt8) -> Bool {
        byte.isJSONWhitespace || byte == 0x0C || byte == 0x1B
    }

    /// Hands out the lines of text that were read: tolerated before the first value and behind the last.
    mutating func flushText(isBeforeValue: Bool) {
        guard let lines = text else { return }
        text = nil
        let isTolerated = isBeforeValue ? ordinal == 0 : ordinal > 0
        if let error = lines.control ?? (isTolerated ? nil : lines.misplaced) {
            enqueueInvalidText(lines.span, error)
        } else {
            enqueue(.text(span: lines.span))
        }
    }
}
