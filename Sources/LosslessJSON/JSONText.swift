/// The text of JSON strings: from escapes and to escapes.
public enum JSONText: Sendable {
    /// Appends a string as JSON text: quotes around it, minimal escapes inside.
    ///
    /// Escaped are `"`, `\` and U+0000 to U+001F: in two characters where JSON has them, else as `\u00xx` in lower case.
    public static func append(_ text: String, to output: inout [UInt8]) {
        output.append(Ascii.quote)
        for byte in text.utf8 { appendEscaped(byte, to: &output) }
        output.append(Ascii.quote)
    }

    /// Appends the canonical form of a string with escapes whose text is `raw`, quotes included.
    ///
    /// As `append(_:to:)`, with lone surrogates as `\uxxxx` in lower case.
    static func appendCanonicalEscaped(_ raw: ArraySlice<UInt8>, to output: inout [UInt8]) {
        output.append(Ascii.quote)
        forEachUnit(raw) { unit in
            switch unit {
            case .byte(let byte): appendEscaped(byte, to: &output)
            case .scalar(let scalar):
                for byte in UTF8.encode(scalar).map(Array.init) ?? [] { appendEscaped(byte, to: &output) }
            case .loneSurrogate(let code): appendHexEscape(code, to: &output)
            }
        }
        output.append(Ascii.quote)
    }

    /// The unescaped bytes of a string whose text is `raw`, quotes included; a lone surrogate as three bytes (WTF-8).
    static func unescape(_ raw: ArraySlice<UInt8>, hasEscapes: Bool) -> [UInt8] {
        guard hasEscapes else { return Array(raw.dropFirst().dropLast()) }
        var output: [UInt8] = []
        output.reserveCapacity(raw.count)
        forEachUnit(raw) { unit in
            switch unit {
            case .byte(let byte): output.append(byte)
            case .scalar(let scalar): output.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
            case .loneSurrogate(let code):
                output.append(0xE0 | UInt8(code >> 12))
                output.append(0x80 | UInt8(code >> 6 & 0x3F))
                output.append(0x80 | UInt8(code & 0x3F))
            }
        }
        return output
    }

    /// The unescaped text; nil when a lone surrogate makes it no Unicode text.
    static func string(_ raw: ArraySlice<UInt8>, hasEscapes: Bool) -> String? {
        guard hasEscapes else { return String(decoding: raw.dropFirst().dropLast(), as: UTF8.self) }
        guard !hasLoneSurrogate(raw) else { return nil }
        return String(decoding: unescape(raw, hasEscapes: true), as: UTF8.self)
    }

    static func hasLoneSurrogate(_ raw: ArraySlice<UInt8>) -> Bool {
        var found = false
        forEachUnit(raw) { unit in
            if case .loneSurrogate = unit { found = true }
        }
        return found
    }
}

// MARK: - Escapes

extension JSONText {
    private enum Unit {
        case byte(UInt8)
        case scalar(UnicodeScalar)
        case loneSurrogate(UInt32)
    }

    /// Goes through the text of a valid string, quotes included, and resolves its escapes.
    private static func forEachUnit(_ raw: ArraySlice<UInt8>, _ body: (Unit) -> Void) {
        raw.withUnsafeBytes { bytes in
            var index = 1
            let end = bytes.count - 1
            while index < end {
                guard bytes[index] == Ascii.backslash else {
                    body(.byte(bytes[index]))
                    index += 1
                    continue
                }
                guard bytes[index + 1] == Ascii.u else {
                    body(.byte(simpleEscape(bytes[index + 1])))
                    index += 2
                    continue
                }
                let (unit, length) = codeUnit(bytes, index, end)
                body(unit)
                index += length
            }
        }
    }

    /// The `\u` escape at `index`, joined with the next one when the two are a surrogate pair.
    private static func codeUnit(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ end: Int) -> (Unit, length: Int) {
        let code = hexCode(bytes, index + 2)
        guard (0xD800...0xDFFF).contains(code) else { return (unit(code), 6) }
        if code < 0xDC00, index + 12 <= end, bytes[index + 6] == Ascii.backslash, bytes[index + 7] == Ascii.u {
            let low = hexCode(bytes, index + 8)
            if (0xDC00...0xDFFF).contains(low) {
                return (unit(0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)), 12)
            }
        }
        return (.loneSurrogate(code), 6)
    }

    private static func unit(_ code: UInt32) -> Unit {
        if code < 0x80 { return .byte(UInt8(code)) }
        return UnicodeScalar(code).map { .scalar($0) } ?? .loneSurrogate(code)
    }

    private static func hexCode(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UInt32 {
        (0..<4).reduce(0) { code, offset in code << 4 | (bytes[index + offset].hexValue ?? 0) }
    }

    private static func simpleEscape(_ letter: UInt8) -> UInt8 {
        switch letter {
        case 0x62: 0x08  // \b
        case 0x66: 0x0C  // \f
        case 0x6E: 0x0A  // \n
        case 0x72: 0x0D  // \r
        case 0x74: 0x09  // \t
        default: letter  // \" \\ \/
        }
    }

    private static func appendEscaped(_ byte: UInt8, to output: inout [UInt8]) {
        let letter: UInt8
        switch byte {
        case Ascii.quote, Ascii.backslash: letter = byte
        case 0x08: letter = 0x62
        case 0x0C: letter = 0x66
        case 0x0A: letter = 0x6E
        case 0x0D: letter = 0x72
        case 0x09: letter = 0x74
        case 0x00..<0x20: return appendHexEscape(UInt32(byte), to: &output)
        default: return output.append(byte)
        }
        output.append(Ascii.backslash)
        output.append(letter)
    }

    /// Appends `\u` and four digits in lower case.
    static func appendHexEscape(_ code: UInt32, to output: inout [UInt8]) {
        let digits: StaticString = "0123456789abcdef"
        output.append(Ascii.backslash)
        output.append(Ascii.u)
        for shift: UInt32 in [12, 8, 4, 0] { output.append(digits.utf8Start[Int(code >> shift & 0xF)]) }
    }
}
