import Diagnostics
public import Domain
import Synchronization

/// The catalog where it is now: follows the mode of the system while it is served.
///
/// A request finishes on the home that it began with. Reads wait while the home of a new mode is being opened; writes also
/// wait while the mode is `frozen`, and are tried again where the mode changed under them, so that no request fails for the
/// switch itself. What waits longer than `patience` is told `catalog.moving`.
///
/// Somebody has to look at the mode (`look`) and to open the homes that are `wanted`.
public final class SwitchingStore: Sendable {
    /// The most that a write waits: a freeze of 2 s, and 2 s more.
    public static let patience = Duration.seconds(4)
    private static let step = Duration.milliseconds(5)

    struct State {
        var machine = ServingStateMachine()
        var open: [CatalogHome: OpenHome] = [:]
        var table: SystemModeTable?
        /// How many looks began.
        var looks = 0
        /// Whether the last look was answered.
        var isAnswered = false
    }

    private let state: Mutex<State>
    private let patience: Duration

    /// A store without a home yet.
    public convenience init() {
        self.init(patience: Self.patience)
    }

    init(patience: Duration) {
        self.patience = patience
        state = Mutex(State())
    }

    // MARK: Following

    /// The home that should be open; nil before the first look.
    public var wanted: CatalogHome? { state.withLock { $0.machine.home } }

    /// The mode as it was last seen; nil before the first look.
    public var mode: SystemMode? { state.withLock { $0.machine.home == nil ? nil : $0.machine.mode } }

    /// Whether requests can be answered: the home of the present mode is open.
    public var isReady: Bool { state.withLock { state in state.machine.home.map { state.open[$0] != nil } ?? false } }

    /// Looks at the mode in the database; what it returns is why that did not answer.
    ///
    /// From now on the tree is only written to while this table's row is held.
    @discardableResult
    public func look(at table: SystemModeTable) async -> (any Error)? {
        let look = state.withLock { state in
            state.table = table
            state.looks += 1
            return state.looks
        }
        do {
            note(.row(try await table.read()), look)
            return nil
        } catch {
            note(.silence, look)
            return error
        }
    }

    /// There is no database, or none with a schema: where none held the truth before, the tree does.
    public func foundNoDatabase() {
        let look = state.withLock { state in
            state.looks += 1
            return state.looks
        }
        note(.nothing, look)
    }

    /// There is a database, and it does not answer.
    public func foundSilence() {
        let look = state.withLock { state in
            state.looks += 1
            return state.looks
        }
        note(.silence, look)
    }

    private func note(_ sighting: ServingStateMachine.Sighting, _ look: Int) {
        state.withLock { state in
            state.machine.saw(sighting, look: look)
            if state.machine.look == look { state.isAnswered = sighting != .silence }
        }
    }

    /// Makes a store the home of that kind, for as long as the body runs; returns when its last request has ended too.
    ///
    /// Requests that still run after `grace` lose it.
    public func withHome(
        _ home: CatalogHome,
        _ store: any CatalogStore,
        grace: Duration = .seconds(30),
        _ body: () async throws -> Void
    ) async rethrows {
        let opened = OpenHome(store)
        state.withLock { $0.open[home] = opened }
        defer {
            state.withLock { if $0.open[home] === opened { $0.open[home] = nil } }
        }
        try await body()
        state.withLock { if $0.open[home] === opened { $0.open[home] = nil } }
        let deadline = ContinuousClock.now + grace
        while opened.isUsed, ContinuousClock.now < deadline, !Task.isCancelled {
            // Whoever is cancelled looks at that next.
            try? await Task.sleep(for: Self.step)
        }
    }

    // MARK: For requests

    /// What is known of the mode.
    var machine: ServingStateMachine { seen.machine }

    /// The same, and whether the last look was answered.
    var seen: (machine: ServingStateMachine, isAnswered: Bool) { state.withLock { ($0.machine, $0.isAnswered) } }

    /// The home of the present mode, if it is open; for calls that do not wait.
    func homeNow(_ home: CatalogHome? = nil) -> (any CatalogStore)? {
        state.withLock { state in
            guard let present = state.machine.home, home == nil || home == present else { return nil }
            return state.open[present]?.store
        }
    }

    /// Runs a read on the home of the present mode.
    func reading<R: Sendable>(
        _ need: CatalogNeed = .recent,
        _ body: (any CatalogStore) async throws -> R
    ) async throws -> R {
        let deadline = ContinuousClock.now + patience
        if case .atLeast(.row(let epoch, _)) = need { try await follow(epoch, until: deadline) }
        let home = try await wait(until: deadline) { state in
            state.machine.home.flatMap { state.open[$0] }?.entered()
        }
        defer { home.leave() }
        return try await body(home.store)
    }

    /// Runs a write on the home of the present mode, anew where the mode changes before it was taken.
    func writing<R: Sendable>(_ body: (any CatalogStore) async throws -> R) async throws -> R {
        let deadline = ContinuousClock.now + patience
        while true {
            let entrance = try await wait(until: deadline) { Self.entrance($0) }
            defer { entrance.home.leave() }
            do {
                switch entrance.fence {
                case .none: return try await body(entrance.home.store)
                case .some(let table): return try await table.holding { try await body(entrance.home.store) }
                }
            } catch let error where Self.isMove(error) {
                guard ContinuousClock.now < deadline else { throw Self.moving(error) }
            }
            try await Task.sleep(for: Self.step)
        }
    }

    private static func isMove(_ error: any Error) -> Bool {
        error is ModeMoved || (error as? any CortexError)?.code == .syncMode
    }

    private static func entrance(_ state: State) -> (home: OpenHome, fence: SystemModeTable?)? {
        guard state.machine.writing != .held, let home = state.machine.home.flatMap({ state.open[$0] }) else {
            return nil
        }
        guard state.machine.writing == .fenced else { return (home.entered(), nil) }
        return state.table.map { (home.entered(), $0) }
    }

    /// A version of a later epoch was acknowledged elsewhere: the mode has changed, and is looked at again first.
    private func follow(_ epoch: Int, until deadline: ContinuousClock.Instant) async throws {
        let looks = state.withLock { $0.machine.hasDatabase && $0.machine.epoch < epoch ? $0.looks : nil }
        guard let looks else { return }
        _ = try await wait(until: deadline) { state -> Bool? in
            // The look that was under way may have begun before the change.
            state.machine.epoch >= epoch || (state.isAnswered && state.machine.look > looks) ? true : nil
        }
    }

    private func wait<R>(
        until deadline: ContinuousClock.Instant,
        for found: @Sendable (State) -> sending R?
    ) async throws -> R {
        while true {
            if let result = state.withLock({ found($0) }) { return result }
            guard ContinuousClock.now < deadline else { throw Self.moving(nil) }
            try await Task.sleep(for: Self.step)
        }
    }

    private static func moving(_ cause: (any Error)?) -> CatalogError {
        CatalogError(
            .catalogMoving,
            "the data is being moved; nothing was changed",
            hint: "try again in a moment; cortex status says where the truth lives",
            cause: cause
        )
    }
}

/// A home that is open, and how many requests it serves.
final class OpenHome: Sendable {
    let store: any CatalogStore
    private let requests = Atomic(0)

    init(_ store: any CatalogStore) {
        self.store = store
    }

    var isUsed: Bool { requests.load(ordering: .acquiring) > 0 }

    /// Counts a request; under the lock that also takes the home away.
    func entered() -> OpenHome {
        requests.add(1, ordering: .acquiringAndReleasing)
        return self
    }

    func leave() {
        requests.subtract(1, ordering: .acquiringAndReleasing)
    }
}
