/// Edits of a document's values, and the byte patches that make them: every byte outside of the edits stays.
///
/// Values and members are named by the views that were read, so that duplicate names are no puzzle. What is added takes
/// the white space of its neighbours. An edit inside of a value that is replaced or removed has no effect.
public struct JSONPatchPlan: Sendable {
    /// What happens to the children of one container.
    struct ContainerEdit: Sendable {
        let container: JSONValue
        var removed: Set<Int> = []
        /// Text to add before the child with this number, or behind the last one.
        var added: [Int: [Addition]] = [:]
    }

    /// A member or element to add.
    enum Addition: Sendable {
        /// The name with its quotes and the value's text.
        case member(name: [UInt8], value: JSONDocument)
        case element(JSONDocument)
    }

    private var containers: [Int: ContainerEdit] = [:]
    private var styles: [Int: JSONContainerStyle] = [:]
    private var replaced: [Int: BytePatch] = [:]

    /// A plan without edits.
    public init() {}

    /// Whether nothing is to be done.
    public var isEmpty: Bool { containers.isEmpty && replaced.isEmpty }

    // MARK: Edits

    /// Puts the text of another value in a value's place, laid out as that of a child of `container` if that is given.
    public mutating func replace(_ value: JSONValue, with new: JSONDocument, in container: JSONValue? = nil) {
        var text: [UInt8] = []
        if let container {
            style(of: container).append(new.root, to: &text)
        } else {
            text = Array(new.root.rawText)
        }
        replaced[value.index] = BytePatch(offset: value.span.start, length: value.span.count, replacement: text)
    }

    /// Removes the child with this number, from 0, of an object or array.
    public mutating func remove(child: Int, of container: JSONValue) {
        precondition(child >= 0 && child < container.count, "there is no child \(child)")
        edit(container) { $0.removed.insert(child) }
    }

    /// Removes every member of this name.
    public mutating func removeMembers(named name: [UInt8], of object: JSONValue) {
        for (number, member) in object.members.enumerated() where member.key.matches(name) {
            remove(child: number, of: object)
        }
    }

    /// Adds a member behind the last one; the name is given unescaped.
    public mutating func append(member name: String, _ value: JSONDocument, to object: JSONValue) {
        var text: [UInt8] = []
        JSONText.append(name, to: &text)
        append(rawMember: text, value, to: object)
    }

    /// Adds a member behind the last one; the name is given as JSON text, as a lone surrogate has no other.
    public mutating func append(rawMember name: [UInt8], _ value: JSONDocument, to object: JSONValue) {
        edit(object) { $0.added[object.count, default: []].append(.member(name: name, value: value)) }
    }

    /// Adds an element before the one with this number; behind the last one if the number is the array's count.
    public mutating func insert(_ value: JSONDocument, at number: Int, of array: JSONValue) {
        precondition(number >= 0 && number <= array.count, "there is no place \(number)")
        edit(array) { $0.added[number, default: []].append(.element(value)) }
    }

    private mutating func edit(_ container: JSONValue, _ body: (inout ContainerEdit) -> Void) {
        var edit = containers[container.index] ?? ContainerEdit(container: container)
        body(&edit)
        containers[container.index] = edit
    }

    /// The style of a container; of an empty one that of the container around it.
    mutating func style(of container: JSONValue) -> JSONContainerStyle {
        if let known = styles[container.index] { return known }
        let outer = container.count < 2 ? Self.parent(of: container).map { style(of: $0) } : nil
        let found = JSONContainerStyle(of: container, around: outer)
        styles[container.index] = found
        return found
    }

    /// The container that a value is in, found from the root.
    private static func parent(of value: JSONValue) -> JSONValue? {
        guard value.index > 0 else { return nil }
        var current = JSONValue(storage: value.storage, index: 0)
        while true {
            var next: JSONValue?
            for child in current.members where child.value.isAround(value) { next = child.value }
            for child in current.elements where child.isAround(value) { next = child }
            guard let next, next.index != value.index else { return current }
            current = next
        }
    }

    // MARK: Patches

    /// The patches in the order of the text; they do not overlap.
    public func patches() -> [BytePatch] {
        var styled = self
        var all = Array(replaced.values)
        for edit in containers.values { all += ContainerPatches(edit, style: styled.style(of: edit.container)).patches }
        all.sort { ($0.offset, -$0.length) < ($1.offset, -$1.length) }
        var result: [BytePatch] = []
        var end = Int.min
        for patch in all where patch.offset >= end {
            result.append(patch)
            if patch.length > 0 { end = patch.offset + patch.length }
        }
        return result
    }
}

extension JSONValue {
    /// Whether a value of the same document is this one or lies in it.
    func isAround(_ other: JSONValue) -> Bool {
        index <= other.index && other.index < max(index + 1, Int(node.next))
    }
}
