import LosslessJSON

/// A JSON value that patches change: what they do not touch keeps its text.
indirect enum JSONTree {
    /// A value as it was written.
    case text(JSONValue)
    /// An object, its names unescaped.
    case object([(name: String, value: JSONTree)])
    /// An array.
    case array([JSONTree])

    /// The value, its outermost container taken apart.
    var opened: JSONTree {
        guard case .text(let value) = self else { return self }
        switch value.kind {
        case .object:
            return .object(
                value.members.map { member in
                    (member.key.string ?? String(decoding: member.key.unescaped, as: UTF8.self), .text(member.value))
                }
            )
        case .array: return .array(value.elements.map { .text($0) })
        case .string, .number, .true, .false, .null: return self
        }
    }

    /// The JSON text.
    var bytes: [UInt8] {
        var output: [UInt8] = []
        append(to: &output)
        return output
    }

    private func append(to output: inout [UInt8]) {
        switch self {
        case .text(let value): output += value.rawText
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (number, member) in members.enumerated() {
                if number > 0 { output.append(UInt8(ascii: ",")) }
                JSONText.append(member.name, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.append(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (number, element) in elements.enumerated() {
                if number > 0 { output.append(UInt8(ascii: ",")) }
                element.append(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        }
    }

    /// Whether it means the same as another value.
    func means(_ other: JSONTree) -> Bool {
        // Both are texts of ours or of values that were read.
        guard let left = try? JSONDocument(strict: bytes), let right = try? JSONDocument(strict: other.bytes) else {
            return false
        }
        return left.root.canonical == right.root.canonical
    }

    // MARK: RFC 7396

    /// The value with a merge patch applied.
    func merged(with patch: JSONValue) -> JSONTree {
        guard patch.kind == .object else { return .text(patch) }
        var members: [(name: String, value: JSONTree)] = []
        if case .object(let present) = opened { members = present }
        for change in patch.members {
            let name = change.key.string ?? String(decoding: change.key.unescaped, as: UTF8.self)
            let place = members.firstIndex { $0.name == name }
            if change.value.isNull {
                if let place { members.remove(at: place) }
            } else if let place {
                members[place].value = members[place].value.merged(with: change.value)
            } else {
                members.append((name, JSONTree.object([]).merged(with: change.value)))
            }
        }
        return .object(members)
    }

    // MARK: Pointers

    /// The tokens of a JSON pointer; nil for what is none.
    static func tokens(of pointer: String) -> [String]? {
        guard !pointer.isEmpty else { return [] }
        guard pointer.utf8.first == UInt8(ascii: "/") else { return nil }
        var tokens: [String] = []
        for part in pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard part.wholeMatch(of: /([^~]|~0|~1)*/) != nil else { return nil }
            tokens.append(String(part.replacing("~1", with: "/").replacing("~0", with: "~")))
        }
        return tokens
    }
}
