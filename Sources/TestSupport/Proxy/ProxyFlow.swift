/// What goes through a proxy in one direction of one connection: what is held, until when, and what became of it.
///
/// Does no I/O: the connection says what came and asks what is to be written. Times are nanoseconds.
struct ProxyFlow {
    /// What the sender did, and what the receiver was told of it.
    enum Ending: Equatable {
        /// The sender may send more. Exits: `ended`, `lost`.
        case open
        /// The sender has ended; the receiver hears of it behind what is held. Exits: `told`, `lost`.
        case ended
        /// The receiver knows. No exit.
        case told
        /// The end, or the receiver, got lost: nobody is told. No exit.
        case lost
    }

    /// What is to be written now.
    enum Output: Equatable {
        case nothing
        case bytes([UInt8])
        case end
    }

    private struct Chunk {
        let due: Int
        var bytes: [UInt8]
    }

    /// As much as is held before the sender is not read any more.
    static let limit = 1 << 20

    private(set) var fault = FaultProxy.Fault.none
    private(set) var ending = Ending.open
    /// Whether bytes are missing: nothing that TCP would deliver can follow.
    private(set) var hasHole = false
    private var chunks: [Chunk] = []
    private var held = 0
    private var lastDue = 0

    /// Whether to read from the sender.
    var wantsInput: Bool { ending == .open && fault != .stall && held < Self.limit }

    /// Whether anything is held back.
    var isEmpty: Bool { chunks.isEmpty }

    /// When the first of what is held may go on; nil when nothing may before something else happens.
    var due: Int? { fault == .stall ? nil : chunks.first?.due }

    /// Another fault from now on.
    mutating func set(_ fault: FaultProxy.Fault) {
        self.fault = fault
        if fault == .drop { drop() }
    }

    /// Bytes came in; `chance` of 0 to 1 decides on the jitter.
    mutating func received(_ bytes: [UInt8], now: Int, chance: Double) {
        guard !bytes.isEmpty else { return }
        var due = now
        switch fault {
        case .drop:
            hasHole = true
            return
        case .delay(let least, let jitter):
            due += Int(Double(least.nanoseconds) + chance * Double(jitter.nanoseconds))
        case .none, .stall:
            break
        }
        lastDue = max(lastDue, due)
        chunks.append(Chunk(due: lastDue, bytes: bytes))
        held += bytes.count
    }

    /// The sender has ended, in order or not.
    mutating func end() {
        guard ending == .open else { return }
        ending = .ended
        if fault == .drop { drop() }
    }

    /// What is to be written now.
    func output(now: Int) -> Output {
        guard fault != .stall else { return .nothing }
        if let first = chunks.first { return first.due <= now ? .bytes(first.bytes) : .nothing }
        return ending == .ended ? .end : .nothing
    }

    /// So many bytes of the output were taken.
    mutating func wrote(_ count: Int) {
        held -= count
        if chunks[0].bytes.count == count {
            chunks.removeFirst()
        } else {
            chunks[0].bytes.removeFirst(count)
        }
    }

    /// The end was told.
    mutating func told() {
        ending = .told
    }

    /// The receiver is gone: what is held goes nowhere.
    mutating func lostReceiver() {
        chunks = []
        held = 0
        ending = .lost
    }

    private mutating func drop() {
        if !chunks.isEmpty || ending == .ended { hasHole = true }
        if ending == .ended { ending = .lost }
        chunks = []
        held = 0
    }
}

extension Duration {
    /// Whole nanoseconds.
    public var nanoseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
    }
}
