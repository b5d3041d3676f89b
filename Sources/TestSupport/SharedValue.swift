/// A value that is made once, by whoever asks first; the others wait for it.
///
/// After a failure the next one who asks tries again.
actor SharedValue<Value: Sendable> {
    private enum State {
        /// Exits: `making`.
        case idle
        /// Exits: `made`, or `idle` after a failure.
        case making([CheckedContinuation<Value, any Error>])
        /// No exit.
        case made(Value)
    }

    private let make: @Sendable () async throws -> Value
    private var state = State.idle

    init(_ make: @escaping @Sendable () async throws -> Value) {
        self.make = make
    }

    /// The value, made if need be.
    func value() async throws -> Value {
        switch state {
        case .made(let value):
            return value
        case .making:
            return try await withCheckedThrowingContinuation { enqueue($0) }
        case .idle:
            state = .making([])
            do {
                let value = try await make()
                finish(.success(value), next: .made(value))
                return value
            } catch {
                finish(.failure(error), next: .idle)
                throw error
            }
        }
    }

    private func enqueue(_ waiter: CheckedContinuation<Value, any Error>) {
        guard case .making(let waiters) = state else {
            preconditionFailure("nobody makes the value that is waited for")
        }
        state = .making(waiters + [waiter])
    }

    private func finish(_ result: Result<Value, any Error>, next: State) {
        guard case .making(let waiters) = state else { preconditionFailure("a value was made twice") }
        state = next
        for waiter in waiters { waiter.resume(with: result) }
    }
}
