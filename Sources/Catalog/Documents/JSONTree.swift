import LosslessJSON

/// A JSON value that patches change: what they do not touch keeps its text.
indirect enum JSONTree {
    /// A value as it was written.
    case text(JSONValue)
    /// An object.
    case object([Member])
    /// An array.
    case array([JSONTree])

    /// A member of an object.
    ///
    /// Names are compared by their bytes: two spellings of one character are two names.
    struct Member {
        /// The name, unescaped.
        let name: [UInt8]
        /// The name as it was written, quotes included.
        let quotedName: [UInt8]
        /// The value.
        var value: JSONTree

        /// A member as it was written.
        init(_ key: JSONKey, _ value: JSONTree) {
            name = key.unescaped
            quotedName = Array(key.rawText)
            self.value = value
        }

        /// A member of a name that is text.
        init(_ name: [UInt8], _ value: JSONTree) {
            self.name = name
            var quoted: [UInt8] = []
            JSONText.append(String(decoding: name, as: UTF8.self), to: &quoted)
            quotedName = quoted
            self.value = value
        }
    }

    /// The value, its outermost container taken apart.
    var opened: JSONTree {
        guard case .text(let value) = self else { return self }
        switch value.kind {
        case .object:
            return .object(value.members.map { Member($0.key, .text($0.value)) })
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
                output += member.quotedName
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

    /// The value with a merge patch applied; of a name that is there twice the last counts, as everywhere.
    func merged(with patch: JSONValue) -> JSONTree {
        guard patch.kind == .object else { return .text(patch) }
        var members: [Member] = []
        if case .object(let present) = opened { members = present }
        for change in patch.members {
            let name = change.key.unescaped
            if change.value.isNull {
                members.removeAll { $0.name == name }
            } else if let place = members.lastIndex(where: { $0.name == name }) {
                members[place].value = members[place].value.merged(with: change.value)
            } else {
                members.append(Member(change.key, JSONTree.object([]).merged(with: change.value)))
            }
        }
        return .object(members)
    }
}
