import Domain
import LosslessJSON

/// What many values of one place have in common: how many there are of each kind, and the same for their members and
/// elements, a few levels deep.
///
/// Memory is bounded whatever is added: so many names of members (what comes later is told together), so many samples,
/// so many levels.
struct ValueOutline: Sendable {
    /// Names of members that are told apart.
    static let mostNames = 64
    /// Values of one array, object or stream that are looked into; the rest is counted by kind.
    static let mostSamples = 256
    /// Levels below the value that are looked into.
    private static let deepest = 4

    private var kinds = [Int](repeating: 0, count: JSONKind.allCases.count)
    /// The bytes of all values together.
    private(set) var bytes = 0
    /// How many of the objects were looked into.
    private(set) var opened = 0
    /// The members of all objects, by name.
    private(set) var members: [ExactText: ValueOutline] = [:]
    /// How many members all objects have together.
    private(set) var memberCount = 0
    /// Members whose names came too late or are no text; at most one.
    private var others: [ValueOutline] = []
    /// The elements of all arrays; at most one.
    private var elements: [ValueOutline] = []

    /// How many values there are.
    var count: Int { kinds.reduce(0, +) }

    var objects: Int { count(of: .object) }

    var arrays: Int { count(of: .array) }

    /// Values that are neither `null` nor a container.
    var scalars: Int { count - objects - arrays - count(of: .null) }

    /// The elements of the arrays; nil without any.
    var element: ValueOutline? { elements.first }

    /// The kinds that occur, as the mapping names them.
    var kindWords: [String] {
        let words = JSONKind.allCases.filter { count(of: $0) > 0 }.map(\.word)
        return words.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    func count(of kind: JSONKind) -> Int { kinds[Int(kind.rawValue)] }

    /// Every member, whatever its name.
    var anyMember: ValueOutline {
        var all = others.first ?? ValueOutline()
        for name in members.keys.sorted() {
            if let member = members[name] { all.merge(member) }
        }
        return all
    }

    /// How many names of members were told apart, and how many members had others.
    var names: (distinct: Int, untold: Int) { (members.count, others.first?.count ?? 0) }

    // MARK: Adding

    /// Looks into a value.
    mutating func add(_ value: JSONValue, depth: Int = 0) {
        note(value.kind, bytes: value.span.count)
        guard depth < Self.deepest else { return }
        var seen = 0
        switch value.kind {
        case .object:
            opened += 1
            for member in value.members {
                seen += 1
                let name = member.key.string.map(ExactText.init)
                add(member.value, named: name, isSample: seen <= Self.mostSamples, depth: depth + 1)
            }
        case .array:
            for element in value.elements {
                seen += 1
                add(element, isSample: seen <= Self.mostSamples, depth: depth + 1)
            }
        case .string, .number, .true, .false, .null: break
        }
    }

    private mutating func add(_ value: JSONValue, named name: ExactText?, isSample: Bool, depth: Int) {
        withMember(name) {
            if isSample { $0.add(value, depth: depth) } else { $0.note(value.kind, bytes: value.span.count) }
        }
    }

    private mutating func add(_ element: JSONValue, isSample: Bool, depth: Int) {
        withElement {
            if isSample { $0.add(element, depth: depth) } else { $0.note(element.kind, bytes: element.span.count) }
        }
    }

    /// Counts a value without looking into it.
    mutating func note(_ kind: JSONKind, bytes: Int) {
        kinds[Int(kind.rawValue)] += 1
        self.bytes += bytes
    }

    /// Counts an object or array whose members or elements are added one by one.
    mutating func open(_ kind: JSONKind, bytes: Int) {
        note(kind, bytes: bytes)
        if kind == .object { opened += 1 }
    }

    /// Adds a member of an object that was opened.
    mutating func addMember(_ outline: ValueOutline, named name: ExactText?) {
        withMember(name) { $0.merge(outline) }
    }

    /// Adds an element of an array that was opened.
    mutating func addElement(_ outline: ValueOutline) {
        withElement { $0.merge(outline) }
    }

    private mutating func withMember(_ name: ExactText?, _ body: (inout ValueOutline) -> Void) {
        memberCount += 1
        if let name, members[name] != nil || members.count < Self.mostNames {
            body(&members[name, default: ValueOutline()])
        } else {
            if others.isEmpty { others.append(ValueOutline()) }
            body(&others[0])
        }
    }

    private mutating func withElement(_ body: (inout ValueOutline) -> Void) {
        if elements.isEmpty { elements.append(ValueOutline()) }
        body(&elements[0])
    }

    /// Takes another outline's values into account.
    mutating func merge(_ other: ValueOutline) {
        for index in kinds.indices { kinds[index] += other.kinds[index] }
        bytes += other.bytes
        opened += other.opened
        let count = memberCount + other.memberCount
        for name in other.members.keys.sorted() {
            if let member = other.members[name] { addMember(member, named: name) }
        }
        if let rest = other.others.first { addMember(rest, named: nil) }
        memberCount = count
        if let element = other.elements.first { addElement(element) }
    }
}

// MARK: - Likeness

extension ValueOutline {
    /// The share of the objects that were looked into that have a member, 0 to 1.
    func presence(of name: ExactText) -> Double {
        opened == 0 ? 0 : Double(members[name]?.count ?? 0) / Double(opened)
    }

    /// How alike the objects are in the names of their members: the mean presence, 0 to 1; 0 without members.
    var cohesion: Double {
        guard opened > 0, !members.isEmpty else { return 0 }
        let untold = others.first?.count ?? 0
        return Double(memberCount) / Double(opened) / Double(members.count + untold)
    }

    /// How alike two sets of objects are in the names of their members, 0 to 1; 1 where neither has any.
    func likeness(to other: ValueOutline) -> Double {
        var (common, all) = (0.0, 0.0)
        // In order, since sums of fractions depend on it and thresholds on them.
        for name in Set(members.keys).union(other.members.keys).sorted() {
            let (left, right) = (presence(of: name), other.presence(of: name))
            common += min(left, right)
            all += max(left, right)
        }
        return all == 0 ? 1 : common / all
    }
}

extension JSONKind {
    /// The kinds that a value may have at a place that records come from.
    var isContainer: Bool { self == .object || self == .array }
}
