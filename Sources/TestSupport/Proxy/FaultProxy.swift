import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A TCP proxy on 127.0.0.1 whose network can be broken and healed while connections go through it.
///
/// One thread moves the bytes of all connections. A change is in force when the call that makes it returns: not a byte
/// passes afterwards that it forbids.
public final class FaultProxy: Sendable {
    /// What happens to bytes of one direction.
    public enum Fault: Sendable, Equatable {
        /// They pass.
        case none
        /// The connection stays, and nothing passes until the fault is over: a server or a network that hangs.
        case stall
        /// They get lost without a word, the end of a side too: a connection that is open at one end only.
        ///
        /// A connection that lost something this way is cut when the fault is over, since TCP delivers no holes.
        case drop
        /// They pass so much later, and up to the jitter more; their order stays.
        case delay(Duration, jitter: Duration)
    }

    /// Which way bytes go.
    public enum Direction: Sendable, Equatable, CaseIterable {
        /// From those who connect to the proxy.
        case toServer
        /// To them.
        case toClient
    }

    private struct State {
        var faults: [Direction: Fault] = [:]
        var isRefusing = false
        var isClosed = false
        var connections: [ProxyConnection] = []
        var random: SeededGenerator
    }

    /// The port to connect to.
    public let port: UInt16

    private let listener: Int32
    private let target: UInt16
    private let wake: (reader: Int32, writer: Int32)
    private let makeTap: (@Sendable () -> any ProxyTap)?
    private let state: Mutex<State>

    /// Listens before the server on this port of 127.0.0.1; the seed decides on jitter.
    public convenience init(target: UInt16, seed: UInt64 = 0) throws {
        try self.init(target: target, seed: seed, tap: nil)
    }

    /// A proxy that shows what passes to a tap, a new one for each connection.
    convenience init(target: UInt16, tap: @escaping @Sendable () -> any ProxyTap) throws {
        try self.init(target: target, seed: 0, tap: tap)
    }

    private init(target: UInt16, seed: UInt64, tap: (@Sendable () -> any ProxyTap)?) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ProxySocket.Failed(operation: "pipe", errno: errno) }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (listener, port) = try ProxySocket.listener()
        wake = (ends[0], ends[1])
        self.target = target
        makeTap = tap
        state = Mutex(State(random: SeededGenerator(seed: seed)))
        Thread.detachNewThread { [self] in forward() }
    }

    // MARK: What it can do

    /// Puts a fault into force, for every connection there is and will be.
    public func set(_ fault: Fault, on directions: [Direction] = Direction.allCases) {
        change { state in
            for direction in directions {
                state.faults[direction] = fault
                for index in state.connections.indices { state.connections[index].set(fault, direction) }
            }
            let isDropping = state.faults.values.contains(.drop)
            if !isDropping { Self.end(&state) { $0.hasHole } }
        }
    }

    /// Whether new connections are reset at once from now on.
    public func refuse(_ isRefusing: Bool) {
        change { $0.isRefusing = isRefusing }
    }

    /// Ends every connection there is, both sides.
    public func cut() {
        change { state in Self.end(&state) { _ in true } }
    }

    /// Takes all faults back.
    public func heal() {
        set(.none)
        refuse(false)
    }

    /// Ends every connection and takes no more.
    public func close() {
        change { state in
            Self.end(&state) { _ in true }
            state.isClosed = true
        }
    }

    /// How many connections go through it.
    public var connections: Int { state.withLock(\.connections.count) }

    // MARK: Forwarding

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            // Closing again is fine; the descriptors may be somebody else's by then.
            guard !state.isClosed else { return }
            body(&state)
            var byte: UInt8 = 0
            _ = Foundation.write(wake.writer, &byte, 1)
        }
    }

    private static func end(_ state: inout State, _ isConcerned: (ProxyConnection) -> Bool) {
        for connection in state.connections where isConcerned(connection) { connection.close() }
        state.connections.removeAll(where: isConcerned)
    }

    private func forward() {
        while true {
            let (polls, timeout) = state.withLock { state in
                let now = MonotonicTime.now
                let own = [wake.reader, listener].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
                // What is due already waits for its socket.
                let due = state.connections.compactMap(\.due).filter { $0 > now }.min()
                let rest = due.map { Int32(min(($0 - now) / 1_000_000 + 1, 1_000)) } ?? -1
                return (own + state.connections.flatMap { $0.polls(now: now) }, rest)
            }
            var waiting = polls
            _ = poll(&waiting, nfds_t(waiting.count), timeout)
            guard state.withLock({ step(&$0) }) else { break }
        }
        for descriptor in [listener, wake.reader, wake.writer] { _ = Foundation.close(descriptor) }
    }

    /// Moves what can be moved; false when it is closed.
    private func step(_ state: inout State) -> Bool {
        guard !state.isClosed else { return false }
        var bytes = [UInt8](repeating: 0, count: 64)
        while Foundation.read(wake.reader, &bytes, bytes.count) > 0 {}
        while let client = ProxySocket.accept(from: listener) { take(client, &state) }
        let now = MonotonicTime.now
        for index in state.connections.indices {
            var random = state.random
            state.connections[index].pump(now: now) { Double.random(in: 0...1, using: &random) }
            state.random = random
            if state.connections[index].isEnding { state.isRefusing = true }
        }
        Self.end(&state) { $0.isOver }
        return true
    }

    private func take(_ client: Int32, _ state: inout State) {
        guard !state.isRefusing, let server = ProxySocket.connection(to: target) else {
            return ProxySocket.reset(client)
        }
        var connection = ProxyConnection(client: client, server: server, tap: makeTap?())
        for (direction, fault) in state.faults { connection.set(fault, direction) }
        state.connections.append(connection)
    }
}
