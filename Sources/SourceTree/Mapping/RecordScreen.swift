import LosslessJSON

/// A first look at a record: tells most records, in one pass over their names and values, that inspecting them would
/// report nothing.
///
/// It may say no for a record without findings, never yes for one with findings.
struct RecordScreen: ~Copyable {
    /// The hashes of the names of the open objects, one behind the other.
    private let names: UnsafeMutableBufferPointer<UInt64>
    private var nameCount = 0
    /// The open containers.
    private let levels: UnsafeMutableBufferPointer<Level>
    private var depth = 0
    /// The members of the record itself that were looked at.
    private var memberCount = 0
    /// The innermost container.
    private var level = Level(end: .max, start: 0, seen: 0)

    private struct Level {
        /// The number of the part behind it.
        let end: Int
        /// Where its names begin.
        let start: Int
        /// A bit for each name's hash: most names are known to be new by it.
        var seen: UInt64
    }

    /// Objects with more names are left to the inspector, whose effort does not grow with their square.
    private static let mostNames = 32
    /// So many names and containers are open at a time at the most; records with more are left to the inspector.
    ///
    /// Their memory is on the stack as long as it is no more than 1 KiB each.
    private static let mostOpenNames = 128
    private static let deepest = 32
    /// The longest number that is surely in the range of `numeric` when it has no exponent.
    private static let longestPlainNumber = 10_000
    /// The longest number that is surely in range although it has an exponent, such as `1e9999`.
    private static let longestExponentNumber = 6
    /// Records beyond this may hold strings or containers that `jsonb` refuses.
    private static let largestRecord = 100 << 20

    /// Whether there is surely nothing to report of a record; `fields` are its own.
    static func isClean(_ record: JSONDocument, _ fields: RecordFields) -> Bool {
        guard record.bytes.count <= largestRecord else { return false }
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: mostOpenNames) { names in
            withUnsafeTemporaryAllocation(of: Level.self, capacity: deepest) { levels in
                var screen = RecordScreen(names: names, levels: levels)
                return record.allParts { screen.take($1, number: $0, fields) }
            }
        }
    }

    private init(names: UnsafeMutableBufferPointer<UInt64>, levels: UnsafeMutableBufferPointer<Level>) {
        self.names = names
        self.levels = levels
    }

    /// Looks at a part; false when the record has to be inspected.
    @inline(__always)
    private mutating func take(_ part: JSONPart, number: Int, _ fields: RecordFields) -> Bool {
        while number >= level.end { leave() }
        switch part.kind {
        case .string: return part.isName ? takeName(part, fields) : Self.isPlain(part)
        case .object, .array: return enter(end: part.next)
        case .number: return part.rawText.count <= Self.longestExponentNumber || Self.isInRange(part.rawText)
        case .true, .false, .null: return true
        }
    }

    @inline(__always)
    private mutating func takeName(_ part: JSONPart, _ fields: RecordFields) -> Bool {
        if depth == 1 {
            memberCount += 1
            if fields.hasPlainKey(memberCount - 1) { return true }
        }
        guard !part.hasEscapes else { return false }
        let name = part.quotedText
        return !SecretDetector.isSecretName(name) && takeNewName(NameHash.words(name))
    }

    /// Whether a string surely holds no secret, and nothing that PostgreSQL cannot hold.
    @inline(__always)
    private static func isPlain(_ string: JSONPart) -> Bool {
        let text = string.quotedText
        guard !SecretDetector.mayHoldSecret(text) else { return false }
        return !string.hasEscapes || isPlain(escaped: text)
    }

    private mutating func enter(end: Int) -> Bool {
        guard depth < Self.deepest else { return false }
        levels.initializeElement(at: depth, to: level)
        depth += 1
        level = Level(end: end, start: nameCount, seen: 0)
        return true
    }

    private mutating func leave() {
        depth -= 1
        nameCount = level.start
        level = levels[depth]
    }

    /// Whether a string with escapes holds neither one by number nor a secret that only its escapes set apart.
    private static func isPlain(escaped text: UnsafeBufferPointer<UInt8>) -> Bool {
        var position = 0
        var startsWord = true
        while position < text.count {
            let byte = text[position]
            if startsWord, SecretDetector.mayBeginSecret(text, at: position) { return false }
            startsWord = !SecretDetector.isWordByte(byte)
            if byte == UInt8(ascii: "\\") {
                guard position + 1 < text.count, text[position + 1] != UInt8(ascii: "u") else { return false }
                position += 1
            }
            position += 1
        }
        return true
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

    /// Whether a number without exponent is short enough to be surely in the range of `numeric`.
    private static func isInRange(_ number: UnsafeBufferPointer<UInt8>) -> Bool {
        number.count <= longestPlainNumber && !number.contains { $0 | 0x20 == UInt8(ascii: "e") }
    }
}
