import Synchronization

/// Lets so many callers through at a time, first come first served: Swift Testing starts every test at once, and a
/// server has fewer connections than there are tests.
final class Gate: Sendable {
    private struct State {
        var free: Int
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    /// Whether the current task is through a gate already: what it starts inside must not wait for itself.
    @TaskLocal private static var isInside = false

    init(width: Int) {
        state = Mutex(State(free: width))
    }

    /// Runs the body as one of those that are through.
    func pass<R>(_ body: () async throws -> R) async throws -> R {
        if Self.isInside { return try await body() }
        await enter()
        defer { leave() }
        return try await Self.$isInside.withValue(true) { try await body() }
    }

    private func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiters.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiters.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiters.removeFirst()
        }
        next?.resume()
    }
}
