import Domain
import LosslessJSON

/// The top-level members of one record, found by slot, with what columns consumed of them.
struct RecordFields {
    let record: JSONValue
    private var members: [Member]
    /// The bits of the slots that have a member.
    let presentSlots: UInt64
    /// For each slot of the shape the last member of that name, or -1.
    private let memberOfSlot: [Int32]
    /// Whether a column holds a record exactly that is no object.
    private var isRecordConsumed = false

    private struct Member {
        let place: JSONMemberPlace
        /// Whether a column holds it exactly and completely.
        var isConsumed = false
        /// Whether its key occurs more than once; such a member is never consumed.
        var isRepeated = false
        /// The exact time that it was found to name, microseconds since 1970; `noTime` where nobody has looked.
        var time = Self.noTime

        static let noTime = Int64.min
    }

    init(record: JSONValue, slots: MemberSlots) {
        self.record = record
        var memberOfSlot = [Int32](repeating: -1, count: slots.count)
        var members: [Member] = []
        var presentSlots: UInt64 = 0
        members.reserveCapacity(record.count)
        record.forEachMember { place, name, hasEscapes in
            let index = members.count
            members.append(Member(place: place))
            guard let slot = hasEscapes ? Self.slot(of: record.key(at: place), in: slots) : slots.number(of: name)
            else {
                return
            }
            presentSlots |= MemberSlots.bit(slot)
            let earlier = Int(memberOfSlot[slot])
            if earlier >= 0 {
                members[earlier].isRepeated = true
                members[index].isRepeated = true
            }
            memberOfSlot[slot] = Int32(index)
        }
        self.members = members
        self.memberOfSlot = memberOfSlot
        self.presentSlots = presentSlots
    }

    private static func slot(of key: JSONKey, in slots: MemberSlots) -> Int? {
        key.unescaped.withUnsafeBufferPointer { slots.number(of: $0) }
    }

    /// The member of a slot; of duplicates the last.
    func member(slot: Int) -> (index: Int, value: JSONValue)? {
        let index = Int(memberOfSlot[slot])
        return index < 0 ? nil : (index, record.value(at: members[index].place))
    }

    /// Where the member of a slot stands; of duplicates the last.
    func place(slot: Int) -> (index: Int, place: JSONMemberPlace)? {
        let index = Int(memberOfSlot[slot])
        return index < 0 ? nil : (index, members[index].place)
    }

    mutating func consume(_ place: FieldPlace) {
        switch place {
        case .member(let index): if !members[index].isRepeated { members[index].isConsumed = true }
        case .record: isRecordConsumed = true
        case .inside, .elsewhere: break
        }
    }

    /// Remembers the exact time that a member names.
    mutating func noteTime(_ microseconds: Int64, of member: Int) {
        members[member].time = microseconds
    }

    /// The exact time that a member names, where somebody has looked.
    func exactTime(of member: Int) -> Int64? {
        let time = members[member].time
        return time == Member.noTime ? nil : time
    }

    /// Sets a column to what no column holds: an object of the members left, or the whole value where it is no object.
    func putRest(in target: Int, of values: inout MappedValues) {
        guard record.kind == .object else {
            if !isRecordConsumed { record.rawText.withUnsafeBufferPointer { values.setJSON(target, to: $0) } }
            return
        }
        guard members.contains(where: { !$0.isConsumed }) else { return }
        values.setJSON(target) { text in
            var separator = UInt8(ascii: "{")
            for member in members where !member.isConsumed {
                text.append(separator)
                separator = UInt8(ascii: ",")
                record.appendMember(at: member.place, to: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
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
