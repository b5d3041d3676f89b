import Domain
import LosslessJSON

/// The top-level members of one record, found by slot, with what columns consumed of them.
struct RecordFields {
    let record: JSONValue
    /// What is known of slots and of members, in one piece of memory: the first entry has it of the first slot and of the
    /// first member.
    private var entries: [Entry]
    /// The bits of the slots that have a member.
    let presentSlots: UInt64
    /// Whether a column holds a record exactly that is no object.
    private var isRecordConsumed = false

    private struct Entry {
        /// Where the last member of the slot's name stands; nil where there is none.
        var place: JSONMemberPlace?
        /// The number of that member.
        var memberOfSlot: Int32 = 0
        /// Whether a column holds the member exactly and completely.
        var isConsumed = false
        /// Whether the member's key occurs more than once; such a member is never consumed.
        var isRepeated = false
        /// Whether nothing is to be told of the member's key.
        var isPlain = false
    }

    private static let blank = [Entry](repeating: Entry(), count: 64)

    init(record: JSONValue, shape: RecordShape) {
        let slots = shape.slots
        self.record = record
        // A copy of ready-made entries costs less than to make some.
        var entries = Self.blank
        let needed = max(slots.count, record.kind == .object ? record.count : 0)
        if needed > entries.count { entries = Array(repeating: Entry(), count: needed) }
        var presentSlots: UInt64 = 0
        entries.withUnsafeMutableBufferPointer { entries in
            var count = 0
            record.forEachMember { place, name, hasEscapes in
                let index = count
                count += 1
                guard let slot = hasEscapes ? Self.slot(of: record.key(at: place), in: slots) : slots.number(of: name)
                else {
                    return
                }
                presentSlots |= NumberedNames.bit(slot)
                if entries[slot].place != nil {
                    let earlier = Int(entries[slot].memberOfSlot)
                    entries[earlier].isRepeated = true
                    entries[earlier].isPlain = false
                    entries[index].isRepeated = true
                } else {
                    entries[index].isPlain = shape.secretSlots & NumberedNames.bit(slot) == 0 && !hasEscapes
                }
                entries[slot].place = place
                entries[slot].memberOfSlot = Int32(truncatingIfNeeded: index)
            }
        }
        self.entries = entries
        self.presentSlots = presentSlots
    }

    private static func slot(of key: JSONKey, in slots: NumberedNames) -> Int? {
        key.unescaped.withUnsafeBufferPointer { slots.number(of: $0) }
    }

    /// Whether nothing is to be told of the key of a member, by its number: the shape reads it, it is written without escapes,
    /// it is no secret's, and no other member has the same.
    func hasPlainKey(_ member: Int) -> Bool { entries[member].isPlain }

    /// The member of a slot; of duplicates the last.
    func member(slot: Int) -> (index: Int, value: JSONValue)? {
        place(slot: slot).map { ($0.index, record.value(at: $0.place)) }
    }

    /// Where the member of a slot stands; of duplicates the last.
    func place(slot: Int) -> (index: Int, place: JSONMemberPlace)? {
        let entry = entries[slot]
        return entry.place.map { (Int(entry.memberOfSlot), $0) }
    }

    mutating func consume(_ place: FieldPlace) {
        switch place {
        case .member(let index): if !entries[index].isRepeated { entries[index].isConsumed = true }
        case .record: isRecordConsumed = true
        case .inside, .elsewhere: break
        }
    }

    /// Sets a column to what no column holds: an object of the members left, or the whole value where it is no object.
    func putRest(in target: Int, of values: inout MappedValues) {
        guard record.kind == .object else {
            if !isRecordConsumed { record.rawText.withUnsafeBufferPointer { values.setJSON(target, to: $0) } }
            return
        }
        guard entries.prefix(record.count).contains(where: { !$0.isConsumed }) else { return }
        values.setJSON(target) { text in
            record.withParts { parts in
                var (index, separator) = (0, UInt8(ascii: "{"))
                record.forEachMember { place, _, _ in
                    defer { index += 1 }
                    guard !entries[index].isConsumed else { return }
                    text.append(separator)
                    separator = UInt8(ascii: ",")
                    text.append(contentsOf: parts.name(at: place).rawText)
                    text.append(UInt8(ascii: ":"))
                    text.append(contentsOf: parts.value(at: place).rawText)
                }
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
