/// What poll(2) is to watch for a connection.
struct Interest {
    let descriptor: Int32
    let reads: Bool
    let writes: Bool
}

/// A connection whose socket the I/O thread watches.
protocol Polled: AnyObject {
    /// The descriptor and the events to poll for; nil when there is nothing to wait for.
    var interest: Interest? { get }

    /// The socket can be read or written.
    func ready(reads: Bool, writes: Bool)
}
