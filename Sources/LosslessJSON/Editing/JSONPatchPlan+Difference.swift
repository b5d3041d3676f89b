extension JSONPatchPlan {
    /// The deepest nesting in which members and elements are compared one by one; what is deeper is replaced.
    private static let deepest = 64

    /// Makes a value mean the same as another one with as few changes as can be: what means the same already keeps its
    /// spelling, members keep their order, new ones come last.
    ///
    /// `container` is what the value stands in, if it is not the document's root.
    public mutating func change(_ old: JSONValue, to new: JSONValue, in container: JSONValue? = nil) {
        change(old, to: new, in: container, depth: 0)
    }

    private mutating func change(_ old: JSONValue, to new: JSONValue, in container: JSONValue?, depth: Int) {
        guard !old.means(new) else { return }
        if depth < Self.deepest {
            if old.kind == .object, new.kind == .object, old.duplicateKeys.isEmpty, new.duplicateKeys.isEmpty {
                return changeMembers(of: old, to: new, depth: depth)
            }
            if old.kind == .array, new.kind == .array { return changeElements(of: old, to: new, depth: depth) }
        }
        replace(old, with: JSONDocument(copying: new), in: container)
    }

    private mutating func changeMembers(of old: JSONValue, to new: JSONValue, depth: Int) {
        var wanted: [[UInt8]: JSONValue] = [:]
        for member in new.members { wanted[member.key.unescaped] = member.value }
        var present: Set<[UInt8]> = []
        for (number, member) in old.members.enumerated() {
            let name = member.key.unescaped
            present.insert(name)
            if let value = wanted[name] {
                change(member.value, to: value, in: old, depth: depth + 1)
            } else {
                remove(child: number, of: old)
            }
        }
        for member in new.members where !present.contains(member.key.unescaped) {
            append(rawMember: Array(member.key.rawText), JSONDocument(copying: member.value), to: old)
        }
    }

    /// Equal elements at both ends stay; of those between, as many as there are on both sides are changed one by one.
    private mutating func changeElements(of old: JSONValue, to new: JSONValue, depth: Int) {
        let (old, list) = (Array(old.elements), old)
        let new = Array(new.elements)
        var head = 0
        while head < min(old.count, new.count), old[head].means(new[head]) { head += 1 }
        var tail = 0
        while tail < min(old.count, new.count) - head, old[old.count - 1 - tail].means(new[new.count - 1 - tail]) {
            tail += 1
        }
        let (oldEnd, newEnd) = (old.count - tail, new.count - tail)
        let shared = min(oldEnd, newEnd)
        for number in head..<shared { change(old[number], to: new[number], in: list, depth: depth + 1) }
        for number in shared..<max(oldEnd, shared) { remove(child: number, of: list) }
        for number in shared..<max(newEnd, shared) {
            insert(JSONDocument(copying: new[number]), at: oldEnd, of: list)
        }
    }
}

extension JSONValue {
    /// Whether the two have one canonical form, however they are written.
    public func means(_ other: JSONValue) -> Bool {
        if rawText.elementsEqual(other.rawText) { return true }
        guard kind == other.kind else { return false }
        var (left, right): ([UInt8], [UInt8]) = ([], [])
        appendCanonical(to: &left)
        other.appendCanonical(to: &right)
        return left == right
    }
}

extension JSONDocument {
    /// A document of its own with the text of a value.
    public init(copying value: JSONValue) {
        do {
            self = try JSONDocument(
                strict: Array(value.rawText),
                limits: JSONLimits(maximumDepth: .max)
            )
        } catch {
            preconditionFailure("a value that was read cannot be read again: \(error.message)")
        }
    }
}
