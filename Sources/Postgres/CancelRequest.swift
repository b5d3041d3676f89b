import CLibpq

/// libpq's cancel request for one connection, sent once.
///
/// `@unchecked Sendable`: made on the I/O thread and handed to one helper thread, which alone uses and frees it.
final class CancelRequest: @unchecked Sendable {
    private let request: OpaquePointer

    /// Nil when the connection is not up.
    init?(_ connection: OpaquePointer) {
        guard let request = PQgetCancel(connection) else { return nil }
        self.request = request
    }

    deinit {
        PQfreeCancel(request)
    }

    /// Sends it and waits until the server has taken note, about 11 ms.
    ///
    /// A failure is not reported: a statement that does not end in time costs its connection anyway.
    func send() {
        var reason = [CChar](repeating: 0, count: 256)
        _ = PQcancel(request, &reason, Int32(reason.count))
    }
}
