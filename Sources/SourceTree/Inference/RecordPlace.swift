import Domain
import LosslessJSON

/// Where the records of a file are, and what they have in common.
struct RecordPlace: Sendable {
    /// One step down from the top of the value.
    enum Step: Sendable, Hashable {
        case member(ExactText)
        case any
    }

    /// What makes the values there records.
    enum Form: String, Sendable {
        /// The value is the record.
        case whole
        /// They are the elements of a list.
        case list
        /// They are the members of an object, found by their names.
        case keyed
    }

    var steps: [Step]
    var form: Form
    /// The records.
    var outline: ValueOutline

    /// The pointer pattern of the mapping.
    var pointer: String {
        guard !steps.isEmpty else { return "/" }
        return steps.map { step in
            switch step {
            case .member(let name): "/" + JSONPointer.escaped(name.text)
            case .any: "/*"
            }
        }.joined()
    }

    /// The name of the member that holds them; nil where it is the value itself.
    var memberName: String? {
        for step in steps.reversed() {
            if case .member(let name) = step { return name.text }
        }
        return nil
    }
}

/// Decides where the records of a set of like values are.
struct RecordPlaceFinder: Sendable {
    /// How many files the values are from.
    let files: Int
    /// The kind's name as far as names of files and folders tell it.
    let hint: String?

    private static let deepest = 3

    /// The places, at least one: where nothing inside looks like records, the value itself.
    func places(of root: ValueOutline) -> [RecordPlace] {
        let whole = RecordPlace(steps: [], form: .whole, outline: root)
        if root.count > 0, root.arrays == root.count {
            return Self.list(root, at: []).map { [$0] } ?? [whole]
        }
        guard root.count > 0, root.objects == root.count else { return [whole] }
        if let keyed = Self.keyed(root, at: [], files: files) { return [keyed] }
        return wrapped(root) ?? [whole]
    }

    // MARK: Lists

    /// The objects in arrays, or in arrays of arrays.
    private static func list(_ value: ValueOutline, at steps: [RecordPlace.Step]) -> RecordPlace? {
        guard value.arrays > 0, value.objects + value.scalars == 0, let element = value.element else { return nil }
        if element.objects > 0, element.objects * 2 >= element.count {
            return RecordPlace(steps: steps + [.any], form: .list, outline: element)
        }
        guard element.arrays == element.count, steps.count < deepest + 1 else { return nil }
        return list(element, at: steps + [.any])
    }

    // MARK: Objects whose members are records

    /// The members of an object that are found by their names and not by what they are.
    static func keyed(_ value: ValueOutline, at steps: [RecordPlace.Step], files: Int) -> RecordPlace? {
        guard value.opened > 0, value.objects == value.count else { return nil }
        let all = value.anyMember
        let average = Double(value.memberCount) / Double(value.opened)
        let named = value.members.keys.sorted()
        let areIDs = named.count { isIDLike($0.text) } * 2 > named.count
        guard average >= 3 || areIDs, all.count > 0 else { return nil }
        // The same names in each of several files are fields, not keys.
        let (distinct, untold) = value.names
        if !areIDs, value.opened >= 3, Double(distinct + untold) < average * 1.5 { return nil }
        if all.objects * 3 >= all.count * 2, all.cohesion >= 0.5 {
            return RecordPlace(steps: steps + [.any], form: .keyed, outline: all)
        }
        guard areIDs, all.arrays * 5 >= all.count * 4, let element = all.element, element.objects == element.count,
            element.cohesion >= 0.5
        else { return nil }
        return RecordPlace(steps: steps + [.any, .any], form: .list, outline: element)
    }

    /// Whether a name looks like an id and not like a field: it holds a digit or what no field name holds.
    private static func isIDLike(_ name: String) -> Bool {
        name.unicodeScalars.contains { (48...57).contains($0.value) || "@./:#-".unicodeScalars.contains($0) }
    }

    // MARK: Objects around lists

    private func wrapped(_ root: ValueOutline) -> [RecordPlace]? {
        let found = inner(root, at: [])
        guard !found.isEmpty else { return nil }
        let bytes = found.reduce(0) { $0 + $1.outline.bytes }
        let isTooLarge = root.bytes / max(root.count, 1) > JSONLimits().maximumRecordBytes
        let dominate = bytes * 5 >= root.bytes * 4
        if IDNames.hasID(root, kind: hint) {
            let records = found.reduce(0) { $0 + $1.outline.count }
            return isTooLarge || (files == 1 && dominate && records >= 10) ? found : nil
        }
        let areRecords = found.contains { place in
            Self.hasID(place) || (place.form == .list && dominate && place.outline.count >= 3 * root.count)
        }
        let isEnvelope = Self.isEnvelope(root, around: found)
        let isExport = isEnvelope || (files == 1 && bytes * 2 >= root.bytes)
        return isTooLarge || (areRecords && isExport) ? found : nil
    }

    private func inner(_ value: ValueOutline, at steps: [RecordPlace.Step]) -> [RecordPlace] {
        guard steps.count < Self.deepest else { return [] }
        var places: [RecordPlace] = []
        // A member named * cannot be told from a pattern.
        for name in value.members.keys.sorted() where name.text != "*" {
            guard let member = value.members[name] else { continue }
            let at = steps + [.member(name)]
            if let place = Self.list(member, at: at) ?? keyedRecords(member, at: at) {
                places.append(place)
            } else if member.objects > 0, member.objects == member.count, !IDNames.hasID(member, kind: nil) {
                places += inner(member, at: at)
            }
        }
        return places
    }

    /// Members found by name, where they are plainly records and not parts of one: with ids, or several at the top.
    private func keyedRecords(_ member: ValueOutline, at steps: [RecordPlace.Step]) -> RecordPlace? {
        guard let place = Self.keyed(member, at: steps, files: files) else { return nil }
        let areSeveral = steps.count == 1 && place.outline.count >= 3 * member.count
        return areSeveral || Self.hasID(place) ? place : nil
    }

    private static func hasID(_ place: RecordPlace) -> Bool {
        IDNames.hasID(place.outline, kind: place.memberName.flatMap { NameWords($0.utf8).kind })
    }

    /// Names of members that stand around records and are not of one.
    private static let envelope: Set<String> = [
        "version", "schema", "schemaversion", "format", "formatversion", "type", "kind", "page", "pages", "perpage",
        "pagesize", "limit", "offset", "total", "totalcount", "count", "size", "next", "previous", "prev", "cursor",
        "hasmore", "exportedat", "exported", "exportdate", "generatedat", "generated", "createdat", "updatedat",
        "lastupdated", "timestamp", "date", "time", "source", "project", "team", "workspace", "organization",
        "organisation", "board", "repository", "repo", "url", "status", "ok", "success", "error", "errors", "message",
        "meta", "metadata", "stats", "statistics", "summary", "info", "links", "comment", "generator", "tool",
    ]

    /// Whether what an object has beside its lists is about the lists.
    private static func isEnvelope(_ root: ValueOutline, around places: [RecordPlace]) -> Bool {
        let inside = Set(
            places.compactMap { place -> ExactText? in
                if case .member(let name) = place.steps.first { name } else { nil }
            }
        )
        return root.members.allSatisfy { name, member in
            inside.contains(name) || envelope.contains(IDNames.folded(name.text))
                || (member.arrays == member.count && member.element == nil)
        }
    }

    /// The members of the top that no place is in, sorted.
    static func leftovers(of root: ValueOutline, places: [RecordPlace]) -> [String] {
        guard !places.contains(where: { $0.steps.isEmpty || $0.steps.first == .any }) else { return [] }
        let inside = Set(places.compactMap(\.steps.first))
        return root.members.keys.filter { !inside.contains(.member($0)) }.sorted().map(\.text)
    }
}
