/// Pointers of RFC 6901.
public enum JSONPointer: Sendable {
    /// A name as a token of a pointer: `~` and `/` are escaped.
    public static func escaped(_ name: String) -> String {
        // Nearly no name has either, and looking for texts costs more than all the rest of reading a document.
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return name }
        return name.replacing("~", with: "~0").replacing("/", with: "~1")
    }

    /// The unescaped components, as bytes, by which names are compared; nil when the pointer is neither empty nor begins
    /// with `/`, or holds a stray `~`.
    public static func components(of pointer: String) -> [[UInt8]]? {
        let bytes = Array(pointer.utf8)
        guard let first = bytes.first else { return [] }
        guard first == Ascii.slash else { return nil }
        var components: [[UInt8]] = []
        for part in bytes.dropFirst().split(separator: Ascii.slash, omittingEmptySubsequences: false) {
            guard let component = unescape(part) else { return nil }
            components.append(component)
        }
        return components
    }

    /// The index that a component names: up to 18 digits without leading zeros; nil for anything else.
    public static func arrayIndex(_ component: [UInt8]) -> Int? {
        guard let first = component.first, component.allSatisfy(\.isDigit) else { return nil }
        guard first != Ascii.zero || component.count == 1, component.count <= 18 else { return nil }
        return component.reduce(0) { $0 * 10 + Int($1 - Ascii.zero) }
    }

    /// The text of a pointer's bytes; a lone surrogate (WTF-8), which no text holds, shows as its escape, `\ud800`.
    static func text(_ pointer: [UInt8]) -> String {
        if let text = String(validating: pointer, as: UTF8.self) { return text }
        var text: [UInt8] = []
        var rest = pointer[...]
        while let byte = rest.popFirst() {
            // In UTF-8 no byte above 9F follows ED: that is how surrogates would begin.
            guard byte == 0xED, rest.count >= 2, let second = rest.first, second >= 0xA0 else {
                text.append(byte)
                continue
            }
            let third = rest[rest.startIndex + 1]
            rest = rest.dropFirst(2)
            JSONText.appendHexEscape(0xD000 | UInt32(second & 0x3F) << 6 | UInt32(third & 0x3F), to: &text)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends `/` and the escaped component.
    static func append(_ component: [UInt8], to pointer: inout [UInt8]) {
        pointer.append(Ascii.slash)
        for byte in component {
            switch byte {
            case 0x7E: pointer += [0x7E, 0x30]  // ~0
            case Ascii.slash: pointer += [0x7E, 0x31]  // ~1
            default: pointer.append(byte)
            }
        }
    }

    /// Appends `/` and the index of an element, which is not negative.
    static func append(index: Int, to pointer: inout [UInt8]) {
        pointer.append(Ascii.slash)
        guard index >= 10 else { return pointer.append(Ascii.zero + UInt8(index)) }
        // As many digits as any number has, from the last one on: there is a pointer for each record.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var (first, rest) = (digits.count, index)
            while rest > 0 {
                first -= 1
                digits.initializeElement(at: first, to: Ascii.zero + UInt8(rest % 10))
                rest /= 10
            }
            pointer.append(contentsOf: UnsafeBufferPointer(rebasing: digits[first...]))
        }
    }

    private static func unescape(_ part: ArraySlice<UInt8>) -> [UInt8]? {
        var component: [UInt8] = []
        var rest = part
        while let byte = rest.popFirst() {
            guard byte == 0x7E else {
                component.append(byte)
                continue
            }
            switch rest.popFirst() {
            case 0x30: component.append(0x7E)
            case 0x31: component.append(Ascii.slash)
            default: return nil
            }
        }
        return component
    }
}
