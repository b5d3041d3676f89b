/// Which port a server is started on.
enum PortDecision: Sendable, Hashable {
    /// This one.
    case use(UInt16)
    /// One that the kernel chooses.
    case choose
    /// None: the one that was asked for is taken.
    case taken(UInt16)

    /// A port that was asked for is used or refused; the one of the last start is used again if it is free.
    static func decide(asked: UInt16?, recorded: UInt16?, isFree: (UInt16) -> Bool) -> PortDecision {
        if let asked { return isFree(asked) ? .use(asked) : .taken(asked) }
        if let recorded, isFree(recorded) { return .use(recorded) }
        return .choose
    }
}
