/// Puts the values of nested aggregates together: scalars, openings and ends go in, whole replies come out.
///
/// Keeps a stack of its own, so the depth of a reply costs no thread stack.
struct RESPAssembler: Sendable {
    /// The kinds of aggregate, by their first byte.
    enum Kind: UInt8, Sendable {
        case array = 0x2A
        case map = 0x25
        case set = 0x7E
        case push = 0x3E
        case attribute = 0x7C

        /// How many values make one counted element.
        var width: Int { self == .map || self == .attribute ? 2 : 1 }
        /// Whether it may be sent with an end mark instead of a count.
        var mayStream: Bool { self == .array || self == .map || self == .set }
    }

    private enum Role: Sendable {
        case aggregate(Kind)
        /// Attributes that wait for their value.
        case attributes([RESPPair])
    }

    private struct Frame: Sendable {
        let role: Role
        /// How many values are still to come; nil while only the end mark tells.
        var remaining: Int?
        var values: [RESPValue] = []
        /// Where the aggregate begins.
        let offset: Int
    }

    private let limits: RESPLimits
    private var stack: [Frame] = []
    private var elements = 0

    init(limits: RESPLimits) {
        self.limits = limits
    }

    /// Whether a reply was begun and is not complete.
    var isInside: Bool { !stack.isEmpty }

    /// An aggregate begins; with a count of 0 it is complete at once.
    ///
    /// - Returns: the reply that this completes.
    mutating func open(_ kind: Kind, count: Int?, at offset: Int) throws(RESPError) -> RESPValue? {
        if kind == .push, !stack.isEmpty { throw RESPError(.misplaced(kind.rawValue), at: offset) }
        guard stack.count < limits.depth else { throw RESPError(.limit("levels", limits.depth), at: offset) }
        let (values, overflow) = (count ?? 0).multipliedReportingOverflow(by: kind.width)
        guard !overflow, values <= limits.elements - elements else {
            throw RESPError(.limit("elements", limits.elements), at: offset)
        }
        elements += values
        var frame = Frame(role: .aggregate(kind), remaining: count.map { _ in values }, offset: offset)
        // Not the whole count: it is only announced, and memory is given for what came.
        frame.values.reserveCapacity(min(values, 1_024))
        stack.append(frame)
        return values == 0 && count != nil ? try close() : nil
    }

    /// A value is complete.
    ///
    /// - Returns: the reply that this completes.
    mutating func add(_ value: RESPValue, at offset: Int) throws(RESPError) -> RESPValue? {
        guard let last = stack.indices.last else {
            elements = 0
            return value
        }
        stack[last].values.append(value)
        if let remaining = stack[last].remaining {
            stack[last].remaining = remaining - 1
            return remaining == 1 ? try close() : nil
        }
        guard elements < limits.elements else { throw RESPError(.limit("elements", limits.elements), at: offset) }
        elements += 1
        return nil
    }

    /// The end mark of a streamed aggregate.
    ///
    /// - Returns: the reply that this completes.
    mutating func end(at offset: Int) throws(RESPError) -> RESPValue? {
        guard let frame = stack.last else { throw RESPError(.misplaced(UInt8(ascii: ".")), at: offset) }
        if case .attributes = frame.role { throw RESPError(.danglingAttribute, at: frame.offset) }
        guard frame.remaining == nil else { throw RESPError(.misplaced(UInt8(ascii: ".")), at: offset) }
        if case .aggregate(.map) = frame.role, !frame.values.count.isMultiple(of: 2) {
            throw RESPError(.malformed("map"), at: frame.offset)
        }
        return try close()
    }

    private mutating func close() throws(RESPError) -> RESPValue? {
        let frame = stack.removeLast()
        switch frame.role {
        case .aggregate(.array): return try add(.array(frame.values), at: frame.offset)
        case .aggregate(.set): return try add(.set(frame.values), at: frame.offset)
        case .aggregate(.push): return try add(.push(frame.values), at: frame.offset)
        case .aggregate(.map): return try add(.map(Self.pairs(frame.values)), at: frame.offset)
        case .aggregate(.attribute):
            let pairs = Self.pairs(frame.values)
            stack.append(Frame(role: .attributes(pairs), remaining: 1, offset: frame.offset))
            return nil
        case .attributes(let pairs):
            return try add(.attributed(pairs, frame.values[0]), at: frame.offset)
        }
    }

    private static func pairs(_ values: [RESPValue]) -> [RESPPair] {
        stride(from: 0, to: values.count, by: 2).map { RESPPair(values[$0], values[$0 + 1]) }
    }
}
