/// Where in a connection's requests its bytes are, so that the fast lane knows where one begins.
///
/// Whatever it does not understand it gives up for good: from there on every byte is the server's parser's.
struct RequestFraming {
    /// What the bytes that come next are.
    enum Piece: Equatable {
        /// The beginning of a head: wait for more.
        case incomplete
        /// So many bytes are for the server's parser.
        case pass(Int)
        /// A head; `passed` or `answered` has to follow.
        case request(PlainRequest)
    }

    private enum State: Equatable {
        case head
        /// So many bytes are left of a request that was passed on.
        case rest(Int)
        case givenUp
    }

    private let limits: PlainRequest.Limits
    private var state = State.head

    init(_ limits: PlainRequest.Limits) {
        self.limits = limits
    }

    /// Whether everything from here on is passed on.
    var hasGivenUp: Bool { state == .givenUp }

    /// What comes next; `bytes` are those that came and are not passed on or answered, at least one.
    mutating func next(_ bytes: UnsafeRawBufferPointer) -> Piece {
        switch state {
        case .givenUp: return .pass(bytes.count)
        case .rest(let left):
            let count = min(left, bytes.count)
            state = count == left ? .head : .rest(left - count)
            return .pass(count)
        case .head:
            switch PlainRequest.find(in: bytes, limits) {
            case .incomplete: return .incomplete
            case .request(let request): return .request(request)
            case .unknown:
                state = .givenUp
                return .pass(bytes.count)
            }
        }
    }

    /// The request goes to the server's parser, with its body.
    mutating func passed(_ request: PlainRequest) {
        state = .rest(request.length + request.bodyLength)
    }

    /// No more bytes come, or what came is not to be understood here: all of it is passed on.
    mutating func giveUp() {
        state = .givenUp
    }
}
