extension PostgresSession {
    /// Listens on a channel, its name taken as it is, until the session ends.
    public func listen(_ channel: String) async throws(PostgresError) {
        try await query("LISTEN \(PostgresIdentifier.quoted(channel))")
    }

    /// Waits for the next notification on the channels listened on; nil when the timeout passes first.
    ///
    /// Notifications that come while nobody waits are kept, at most 1,024; see `PostgresNotification.missed`. Throws
    /// `postgres.cancelled` and `postgres.connection_lost`.
    public func nextNotification(timeout: Duration) async throws(PostgresError) -> PostgresNotification? {
        try checkOpen()
        if Task.isCancelled { throw .cancelledBeforeSending("waiting for a notification") }
        let number = connection.nextNumber()
        return try await connection.thread.call(interrupt: connection.interrupt(number)) { reply in
            .awaitNotification(connection.id, number: number, until: .now + timeout, reply)
        }
    }
}
