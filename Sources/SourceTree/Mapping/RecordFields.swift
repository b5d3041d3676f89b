import LosslessJSON

/// The top-level members of one record, found by slot, with what columns consumed of them.
struct RecordFields {
    let record: JSONValue
    private(set) var members: [(key: JSONKey, value: JSONValue)] = []
    /// For each slot of the shape the last member of that name, or -1.
    private var memberOfSlot: [Int]
    /// Members that a column holds exactly and completely.
    private var isConsumed: [Bool] = []
    /// Members whose key occurs more than once: never consumed.
    private var isRepeated: [Bool] = []
    /// Whether a column holds a record exactly that is no object.
    private var isRecordConsumed = false

    init(record: JSONValue, slots: MemberSlots) {
        self.record = record
        memberOfSlot = [Int](repeating: -1, count: slots.names.count)
        guard record.kind == .object else { return }
        members.reserveCapacity(record.count)
        for member in record.members {
            let index = members.count
            members.append(member)
            isRepeated.append(false)
            guard let slot = slots.number(of: member.key.unescaped) else { continue }
            if memberOfSlot[slot] >= 0 {
                isRepeated[memberOfSlot[slot]] = true
                isRepeated[index] = true
            }
            memberOfSlot[slot] = index
        }
        isConsumed = isRepeated.map { _ in false }
    }

    /// The member of a slot; of duplicates the last.
    func member(slot: Int) -> (index: Int, value: JSONValue)? {
        let index = memberOfSlot[slot]
        return index < 0 ? nil : (index, members[index].value)
    }

    mutating func consume(_ place: FieldPlace) {
        switch place {
        case .member(let index): if !isRepeated[index] { isConsumed[index] = true }
        case .record: isRecordConsumed = true
        case .inside, .elsewhere: break
        }
    }

    /// What no column holds: an object of the members left, or the whole value where it is no object.
    func rest() -> [UInt8]? {
        guard record.kind == .object else { return isRecordConsumed ? nil : Array(record.rawText) }
        var text: [UInt8] = []
        for (index, member) in members.enumerated() where !isConsumed[index] {
            text.append(text.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
            text += member.key.rawText
            text.append(UInt8(ascii: ":"))
            text += member.value.rawText
        }
        guard !text.isEmpty else { return nil }
        text.append(UInt8(ascii: "}"))
        return text
    }
}

/// How a value relates to the record's top-level members.
enum FieldPlace {
    /// It is a whole top-level member.
    case member(Int)
    /// It is the whole record.
    case record
    /// It lies inside a member.
    case inside
    /// It does not come from the record's text.
    case elsewhere
}
