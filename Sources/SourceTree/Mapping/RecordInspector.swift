import Domain
import LosslessJSON

/// Looks once at every value of a record: duplicate keys, secrets, and whether `jsonb` can hold it.
struct RecordInspector {
    private(set) var docReason: String?
    private var path: [Part] = []
    private var postponed: [(JSONValue, [Part])] = []

    private enum Part {
        case key(JSONKey)
        case index(Int)
    }

    /// The length of a string that `jsonb` can hold (`JENTRY_OFFLENMASK`).
    private static let longestString = 268_435_455
    /// The members or elements of one container that `jsonb` can hold (`JB_MAX_PAIRS`, `JB_MAX_ELEMS`).
    private static let largestContainer = 268_435_455
    /// Nesting followed on the stack; what is deeper waits for its turn.
    private static let deepestOnStack = 128

    /// Looks at every value of a record; `docReason` is set where `jsonb` refuses it.
    mutating func inspect(_ record: JSONValue, findings: inout RecordFindings) {
        visit(record, depth: 0, findings: &findings)
        while let (value, place) = postponed.popLast() {
            path = place
            visit(value, depth: 0, findings: &findings)
        }
    }

    private mutating func visit(
        _ value: JSONValue,
        depth: Int,
        isSecretField: Bool = false,
        findings: inout RecordFindings
    ) {
        switch value.kind {
        case .object, .array:
            guard depth < Self.deepestOnStack else {
                postponed.append((value, path))
                return
            }
            visitChildren(of: value, depth: depth + 1, findings: &findings)
        case .string: visitString(value, isSecretField: isSecretField, findings: &findings)
        case .number:
            if value.rawText.count > 6, !NumericRange.holds(value.rawText) {
                note("a number outside the range of numeric", at: value, .numberOutOfRange, findings: &findings)
            }
        case .true, .false, .null: break
        }
    }

    private mutating func visitChildren(of value: JSONValue, depth: Int, findings: inout RecordFindings) {
        if value.count > Self.largestContainer { docReason = docReason ?? "a container with too many members" }
        if value.kind == .array {
            path.append(.index(0))
            for (index, element) in value.elements.enumerated() {
                path[path.count - 1] = .index(index)
                visit(element, depth: depth, findings: &findings)
            }
            path.removeLast()
            return
        }
        var names = NameCheck()
        for member in value.members {
            names.add(member.key.rawText)
            path.append(.key(member.key))
            visitKey(member.key, of: member.value, findings: &findings)
            let isSecret =
                member.value.kind == .string
                && member.key.rawText.dropFirst().dropLast().withUnsafeBufferPointer(SecretDetector.isSecretName)
            visit(member.value, depth: depth, isSecretField: isSecret, findings: &findings)
            path.removeLast()
        }
        if names.mayRepeat { reportDuplicates(of: value, findings: &findings) }
    }

    private mutating func visitKey(_ key: JSONKey, of value: JSONValue, findings: inout RecordFindings) {
        guard key.rawText.contains(UInt8(ascii: "\\")) else { return }
        if key.unescaped.contains(0) {
            note("a key with U+0000", at: value, .nulCharacter, findings: &findings)
        }
        if key.string == nil {
            note("a key with a lone surrogate", at: value, .loneSurrogate, findings: &findings)
        }
    }

    private mutating func visitString(_ value: JSONValue, isSecretField: Bool, findings: inout RecordFindings) {
        let raw = value.rawText
        if raw.count > Self.longestString { docReason = docReason ?? "a string over 268,435,455 bytes" }
        if raw.contains(UInt8(ascii: "\\")) {
            if value.hasNUL { note("a string with U+0000", at: value, .nulCharacter, findings: &findings) }
            if value.hasLoneSurrogate {
                note("a string with a lone surrogate", at: value, .loneSurrogate, findings: &findings)
            }
        }
        guard raw.count > 9 else { return }
        if isSecretField, let text = value.unescaped, SecretDetector.isSecretValue(text) {
            findings.add(
                .secretLike,
                "the field's name and form say that it is a secret; it is stored as it is",
                pointer: pointer,
                at: value.span.start
            )
        } else if SecretDetector.looksSecret(raw) {
            findings.add(
                .secretLike,
                "the text holds what looks like a token or key; it is stored as it is",
                pointer: pointer,
                at: value.span.start
            )
        }
    }

    private mutating func note(
        _ what: String,
        at value: JSONValue,
        _ rule: FindingRule,
        findings: inout RecordFindings
    ) {
        docReason = docReason ?? what
        findings.add(rule, "\(what); jsonb cannot hold it, the text is kept", pointer: pointer, at: value.span.start)
    }

    private mutating func reportDuplicates(of object: JSONValue, findings: inout RecordFindings) {
        for duplicate in object.duplicateKeys {
            let places = duplicate.spans.prefix(8).map { String($0.start) }.joined(separator: ", ")
            findings.add(
                .duplicateKey,
                "the key \(RecordFindings.quote(duplicate.displayName)) stands at bytes \(places); programs read the last one",
                pointer: pointer,
                at: duplicate.spans.last?.start
            )
        }
    }

    private var pointer: String {
        var text = ""
        for part in path {
            text += "/"
            switch part {
            case .key(let key): text += JSONPointer.escaped(key.string ?? readableText(key.unescaped))
            case .index(let index): text += String(index)
            }
        }
        return text
    }
}

/// Tells cheaply that no name of an object occurs twice.
private struct NameCheck {
    private var hashes: [UInt64] = []
    private var many: Set<UInt64> = []
    /// Whether two names may be the same.
    private(set) var mayRepeat = false

    private static let few = 24

    /// Takes a name as it is written; two spellings of one name are possible where there are escapes.
    mutating func add(_ quoted: ArraySlice<UInt8>) {
        guard !mayRepeat else { return }
        guard !quoted.contains(UInt8(ascii: "\\")) else {
            mayRepeat = true
            return
        }
        let hash = NameHash.hash(quoted)
        if hashes.count < Self.few {
            mayRepeat = hashes.contains(hash)
            hashes.append(hash)
        } else {
            if many.isEmpty { many = Set(hashes) }
            mayRepeat = !many.insert(hash).inserted
        }
    }
}
