/// A first look at a record's bytes: tells most records, in one pass and without following their structure, that
/// inspecting them would report nothing.
///
/// It may say no for a record without findings, never yes for one with findings.
struct RecordScreen: ~Copyable {
    /// The hashes of the names of the open objects, one behind the other.
    private let names: UnsafeMutableBufferPointer<UInt64>
    private var nameCount = 0
    /// The open containers.
    private let levels: UnsafeMutableBufferPointer<Level>
    private var depth = 0
    /// The innermost container.
    private var level = Level(start: 0, seen: 0)

    private struct Level {
        /// Where its names begin.
        let start: Int
        /// A bit for each name's hash: most names are known to be new by it.
        var seen: UInt64
    }

    /// Objects with more names are left to the inspector, whose effort does not grow with their square.
    private static let mostNames = 32
    /// So many names and containers are open at a time at the most; records with more are left to the inspector.
    private static let mostOpenNames = 256
    private static let deepest = 32
    /// The longest number that is surely in the range of `numeric` when it has no exponent.
    private static let longestPlainNumber = 10_000
    /// The longest number that is surely in range although it has an exponent, such as `1e9999`.
    private static let longestExponentNumber = 6
    /// Records beyond this may hold strings or containers that `jsonb` refuses.
    private static let largestRecord = 100 << 20

    /// Whether a record of valid JSON has nothing to report.
    static func isClean(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.count <= largestRecord else { return false }
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: mostOpenNames) { names in
            withUnsafeTemporaryAllocation(of: Level.self, capacity: deepest) { levels in
                var screen = RecordScreen(names: names, levels: levels)
                return text.withUnsafeBufferPointer { !SecretDetector.mayHoldSecret($0) && screen.run($0) }
            }
        }
    }

    private init(names: UnsafeMutableBufferPointer<UInt64>, levels: UnsafeMutableBufferPointer<Level>) {
        self.names = names
        self.levels = levels
    }

    private mutating func run(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var position = 0
        while position < text.count {
            switch text[position] {
            case ...0x20: position += 1
            case UInt8(ascii: "\""):
                guard let end = takeString(text, from: position + 1) else { return false }
                position = end
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth < Self.deepest else { return false }
                levels.initializeElement(at: depth, to: level)
                depth += 1
                level = Level(start: nameCount, seen: 0)
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { return false }
                depth -= 1
                nameCount = level.start
                level = levels[depth]
                position += 1
            case UInt8(ascii: "-"), 48...57:
                guard let end = takeNumber(text, from: position) else { return false }
                position = end
            default: position += 1
            }
        }
        return true
    }

    /// The place behind a string's closing quote; nil when the record has to be inspected.
    private mutating func takeString(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var end = Self.endOfPlainText(text, from: start)
        var hasEscapes = false
        if end < text.count, text[end] == UInt8(ascii: "\\") {
            hasEscapes = true
            guard let quote = Self.endOfEscapedText(text, from: start) else { return nil }
            end = quote
        }
        var position = end + 1
        while position < text.count, text[position] <= 0x20 { position += 1 }
        guard position < text.count, text[position] == UInt8(ascii: ":") else { return position }
        let name = UnsafeBufferPointer(rebasing: text[start..<end])
        guard !hasEscapes, !SecretDetector.isSecretName(name), takeNewName(NameHash.words(name)) else { return nil }
        return position + 1
    }

    /// The place of the first quote or backslash, eight bytes at a time (for the test see `ByteSearch` of LosslessJSON).
    private static func endOfPlainText(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        let bytes = UnsafeRawBufferPointer(text)
        var position = start
        while position + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            let marks = ((quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes) & highs
            if marks != 0 { return position + marks.trailingZeroBitCount >> 3 }
            position += 8
        }
        while position < text.count, text[position] != UInt8(ascii: "\""), text[position] != UInt8(ascii: "\\") {
            position += 1
        }
        return position
    }

    /// The place of the closing quote of a string with escapes; nil when the record has to be inspected.
    private static func endOfEscapedText(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var position = start
        var startsWord = true
        while position < text.count, text[position] != UInt8(ascii: "\"") {
            let byte = text[position]
            if startsWord, SecretDetector.mayBeginSecret(text, at: position) { return nil }
            startsWord = !SecretDetector.isWordByte(byte)
            if byte == UInt8(ascii: "\\") {
                guard position + 1 < text.count, text[position + 1] != UInt8(ascii: "u") else { return nil }
                position += 1
            }
            position += 1
        }
        return position
    }

    /// Notes a name; false when it may be one of its object's again.
    private mutating func takeNewName(_ hash: UInt64) -> Bool {
        guard nameCount < Self.mostOpenNames, nameCount - level.start < Self.mostNames else { return false }
        let bit: UInt64 = 1 << (hash & 63)
        if level.seen & bit != 0 {
            for index in level.start..<nameCount where names[index] == hash { return false }
        }
        level.seen |= bit
        names.initializeElement(at: nameCount, to: hash)
        nameCount += 1
        return true
    }

    private func takeNumber(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var position = start
        var hasExponent = false
        scan: while position < text.count {
            switch text[position] {
            case 48...57, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"): position += 1
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                hasExponent = true
                position += 1
            default: break scan
            }
        }
        let longest = hasExponent ? Self.longestExponentNumber : Self.longestPlainNumber
        return position - start <= longest ? position : nil
    }
}
