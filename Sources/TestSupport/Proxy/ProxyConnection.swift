#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Looks at what goes through one connection and says what may pass.
protocol ProxyTap: Sendable {
    mutating func judge(_ bytes: [UInt8], _ direction: FaultProxy.Direction) -> ProxyVerdict
}

/// What a tap decided.
struct ProxyVerdict: Equatable {
    /// How many of the bytes go on.
    let passes: Int
    /// Whether the connection ends behind them, and no other is taken any more.
    let ends: Bool
}

/// One connection through a proxy: two sockets, a flow each way.
struct ProxyConnection {
    private let client: Int32
    private let server: Int32
    private var tap: (any ProxyTap)?
    private var toServer = ProxyFlow()
    private var toClient = ProxyFlow()
    /// Whether the tap has ended it: what is held still goes on.
    private(set) var isEnding = false

    init(client: Int32, server: Int32, tap: (any ProxyTap)?) {
        self.client = client
        self.server = server
        self.tap = tap
    }

    /// Whether both sides know that it is over.
    var isOver: Bool {
        if isEnding { return toServer.isEmpty && toClient.isEmpty }
        let isSettled = [toServer, toClient].allSatisfy { $0.ending == .told || $0.ending == .lost }
        // With a hole one side may still believe in it: it is cut when the fault is over.
        return isSettled && !hasHole
    }

    /// Whether something that was sent is lost for good.
    var hasHole: Bool { toServer.hasHole || toClient.hasHole }

    /// When the next of what is delayed may go on.
    var due: Int? { [toServer.due, toClient.due].compactMap(\.self).min() }

    mutating func set(_ fault: FaultProxy.Fault, _ direction: FaultProxy.Direction) {
        switch direction {
        case .toServer: toServer.set(fault)
        case .toClient: toClient.set(fault)
        }
    }

    /// What to wait for on its sockets.
    func polls(now: Int) -> [pollfd] {
        func events(_ incoming: ProxyFlow, _ outgoing: ProxyFlow) -> Int16 {
            let isWriting = outgoing.output(now: now) != .nothing
            return (incoming.wantsInput && !isEnding ? Int16(POLLIN) : 0) | (isWriting ? Int16(POLLOUT) : 0)
        }
        return [(client, events(toServer, toClient)), (server, events(toClient, toServer))].map { socket, events in
            // A socket that nothing is wanted of would report its end again and again.
            pollfd(fd: events == 0 ? -1 : socket, events: events, revents: 0)
        }
    }

    /// Reads and writes what can be.
    mutating func pump(now: Int, chance: () -> Double) {
        receive(.toServer, now: now, chance: chance())
        receive(.toClient, now: now, chance: chance())
        Self.send(&toServer, to: server, now: now)
        Self.send(&toClient, to: client, now: now)
    }

    /// Closes both sides.
    func close() {
        for descriptor in [client, server] {
            #if canImport(Darwin)
            _ = Darwin.close(descriptor)
            #elseif canImport(Musl)
            _ = Musl.close(descriptor)
            #else
            _ = Glibc.close(descriptor)
            #endif
        }
    }

    // MARK: Private parts

    private mutating func receive(_ direction: FaultProxy.Direction, now: Int, chance: Double) {
        let flow = direction == .toServer ? toServer : toClient
        guard flow.wantsInput, !isEnding else { return }
        switch ProxySocket.read(direction == .toServer ? client : server) {
        case .nothing:
            return
        case .end:
            if direction == .toServer { toServer.end() } else { toClient.end() }
        case .bytes(let bytes):
            let verdict = tap?.judge(bytes, direction) ?? ProxyVerdict(passes: bytes.count, ends: false)
            let passed = Array(bytes.prefix(verdict.passes))
            if direction == .toServer {
                toServer.received(passed, now: now, chance: chance)
            } else {
                toClient.received(passed, now: now, chance: chance)
            }
            if verdict.ends { isEnding = true }
        }
    }

    private static func send(_ flow: inout ProxyFlow, to socket: Int32, now: Int) {
        while true {
            switch flow.output(now: now) {
            case .nothing:
                return
            case .end:
                ProxySocket.endWriting(socket)
                return flow.told()
            case .bytes(let bytes):
                guard let count = ProxySocket.write(socket, bytes) else { return flow.lostReceiver() }
                guard count > 0 else { return }
                flow.wrote(count)
            }
        }
    }
}
