/// One private Redis key: what each of the scripts does to it.
///
/// `CacheScripts` holds the same rules in Lua; a test runs both against each other. Times are milliseconds of the
/// Redis server's clock. INVALIDATE never shortens the life of a tombstone; LEASE never prolongs it, so that a floor
/// above what PostgreSQL has (a COMMIT that was lost after all) ends however often the key is read.
struct CacheCell: Sendable, Equatable {
    /// What a script says.
    enum Reply: Sendable, Equatable {
        /// LEASE: a document is there.
        case held(VersionedDocument, filledAt: Int)
        /// LEASE: somebody else has the lease.
        case busy
        /// LEASE: the caller has the lease.
        case granted
        /// FILL: the document is stored.
        case filled
        /// FILL: not stored; the caller has lost its lease, the floor is higher, or the key was forgotten.
        case refused
        /// PUT: the document is stored.
        case stored
        /// INVALIDATE, PUT: what is there is as new already.
        case kept
        /// INVALIDATE, PUT: a tombstone is there now.
        case buried
        /// INVALIDATE, PUT: no memory for a tombstone, so the key was deleted, which allows no fill either.
        case deleted
        /// LEASE, FILL: no memory.
        case full
        /// RELEASE: the lease is given back, or was somebody else's anyway.
        case released

        /// Whether nobody can read an older version than the one named from the key any more.
        var confirms: Bool {
            switch self {
            case .stored, .kept, .buried, .deleted: true
            default: false
            }
        }
    }

    /// What a key may hold: strings, or something that is none of ours.
    enum Stored: Sendable, Equatable {
        case nothing
        case string([UInt8])
        case otherType
    }

    /// What is there; nil for an absent key.
    var content: CacheContent?
    /// When the key goes; 0 for an absent one.
    var expiresAt: Int

    /// An absent key.
    init() {
        content = nil
        expiresAt = 0
    }

    /// A key as found; one of another type or with bytes that are none of ours counts as absent.
    ///
    /// - Parameters:
    ///   - stored: what the key holds.
    ///   - expiresAt: when it goes.
    init(stored: Stored, expiresAt: Int) {
        self.init()
        guard case .string(let bytes) = stored, let content = CacheContent(bytes: bytes) else { return }
        self.content = content
        self.expiresAt = max(0, expiresAt)
    }

    /// Forgets what has expired.
    mutating func expire(now: Int) {
        if content != nil, expiresAt <= now { self = CacheCell() }
    }

    /// LEASE: says what is there, or gives the caller the right to fill.
    mutating func lease(token: String, time: Int, floorTime: Int, now: Int, isFull: Bool = false) -> Reply {
        let floor: Int
        switch content {
        case .document(let document, let filledAt): return .held(document, filledAt: filledAt)
        case .tombstone(_, let until, .some) where until > now: return .busy
        case .tombstone(let kept, _, _): floor = kept
        case nil: floor = 0
        }
        if isFull { return .full }
        content = .tombstone(floor: floor, leaseUntil: now + time, token: token)
        if expiresAt == 0 { expiresAt = now + floorTime }
        return .granted
    }

    /// FILL: stores what the holder of the lease has read; a document below the floor only gives the lease back.
    ///
    /// An absent key refuses: with it the floor is forgotten, and so is whether the lease was taken away.
    mutating func fill(
        _ document: VersionedDocument,
        token: String,
        time: Int,
        now: Int,
        isFull: Bool = false,
        guards: SyncGuards = .all
    ) -> Reply {
        guard case .tombstone(let floor, let until, let holder) = content else { return .refused }
        guard !guards.contains(.lease) || (holder == token && until > now) else { return .refused }
        guard !guards.contains(.floor) || document.version >= floor else {
            _ = release(token: token, isFull: isFull)
            return .refused
        }
        if isFull { return .full }
        content = .document(document, filledAt: now)
        expiresAt = now + time
        return .filled
    }

    /// INVALIDATE: this version is committed; nothing older may be read or filled.
    mutating func invalidate(version: Int, floorTime: Int, now: Int, isFull: Bool = false) -> Reply {
        switch content {
        case .document(let document, _) where document.version >= version: return .kept
        case .tombstone(let floor, _, _) where floor >= version: return .kept
        default: break
        }
        if isFull {
            self = CacheCell()
            return .deleted
        }
        let end = if case .tombstone = content { expiresAt } else { 0 }
        content = .tombstone(floor: version, leaseUntil: 0, token: nil)
        expiresAt = max(end, now + floorTime)
        return .buried
    }

    /// PUT: stores what a writer has committed, where that is surely the newest; otherwise INVALIDATE.
    mutating func put(
        _ document: VersionedDocument,
        token: String?,
        time: Int,
        floorTime: Int,
        now: Int,
        isFull: Bool = false,
        guards: SyncGuards = .all
    ) -> Reply {
        let mayReplace =
            switch content {
            case .document(let old, _): old.version < document.version
            case .tombstone(let floor, _, let holder):
                floor <= document.version && (!guards.contains(.putToken) || (holder != nil && holder == token))
            case nil: false
            }
        guard mayReplace else {
            return invalidate(version: document.version, floorTime: floorTime, now: now, isFull: isFull)
        }
        if isFull {
            self = CacheCell()
            return .deleted
        }
        content = .document(document, filledAt: now)
        expiresAt = now + time
        return .stored
    }

    /// RELEASE: the holder has nothing to store, so others need not wait for its lease to end.
    mutating func release(token: String, isFull: Bool = false) -> Reply {
        guard case .tombstone(let floor, _, token) = content else { return .released }
        if isFull {
            self = CacheCell()
        } else {
            content = .tombstone(floor: floor, leaseUntil: 0, token: nil)
        }
        return .released
    }
}
