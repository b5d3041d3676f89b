import Synchronization

/// A proxy before a PostgreSQL server that cuts both sides at a moment of the client's choosing: for the server as if
/// the client had died there, for the client as if the server had.
public final class CuttingProxy: Sendable {
    /// When it cuts.
    public enum Moment: Sendable {
        /// When the client has sent this text: it is passed on, the answer is swallowed.
        case answerTo(String)
        /// When the client has sent this text: it does not reach the server.
        case beforeText(String)
        /// Before the n-th statement (from 0) reaches the server.
        case before(statement: Int)
        /// When the server has answered the n-th statement (from 0); the answer is swallowed.
        case after(statement: Int)
    }

    /// What all connections have seen together.
    struct Progress {
        var isCutting = false
        var statements = 0
    }

    /// The progress, shared by the connections.
    final class Counter: Sendable {
        let progress = Mutex(Progress())
    }

    private let proxy: FaultProxy
    private let counter: Counter

    /// Listens before the server on this port.
    public init(target: UInt16, cuts moment: Moment) throws {
        let counter = Counter()
        self.counter = counter
        proxy = try FaultProxy(target: target) { StatementTap(moment: moment, counter: counter) }
    }

    /// The port to connect to.
    public var port: UInt16 { proxy.port }

    /// Whether the moment has come.
    public var hasCut: Bool { counter.progress.withLock(\.isCutting) }

    /// Ends every connection and takes no more.
    public func close() {
        proxy.close()
    }
}

/// Watches the statements of one connection for the moment to cut.
struct StatementTap: ProxyTap {
    let moment: CuttingProxy.Moment
    let counter: CuttingProxy.Counter
    private var frames = ClientFrames()

    init(moment: CuttingProxy.Moment, counter: CuttingProxy.Counter) {
        self.moment = moment
        self.counter = counter
    }

    mutating func judge(_ bytes: [UInt8], _ direction: FaultProxy.Direction) -> ProxyVerdict {
        guard direction == .toServer else {
            let hasCut = counter.progress.withLock(\.isCutting)
            return ProxyVerdict(passes: hasCut ? 0 : bytes.count, ends: hasCut)
        }
        switch moment {
        case .answerTo(let text):
            if Self.contains(bytes, Array(text.utf8)) { counter.progress.withLock { $0.isCutting = true } }
            return ProxyVerdict(passes: bytes.count, ends: false)
        case .beforeText(let text):
            guard Self.contains(bytes, Array(text.utf8)) else { return ProxyVerdict(passes: bytes.count, ends: false) }
            counter.progress.withLock { $0.isCutting = true }
            return ProxyVerdict(passes: 0, ends: true)
        case .before(let statement), .after(let statement):
            return judge(ends: frames.ends(in: bytes), count: bytes.count, statement: statement)
        }
    }

    /// `ends` are the places behind statements in so many bytes on their way to the server.
    private func judge(ends: [Int], count: Int, statement: Int) -> ProxyVerdict {
        counter.progress.withLock { progress in
            if progress.isCutting { return ProxyVerdict(passes: 0, ends: true) }
            let first = progress.statements
            progress.statements += ends.count
            guard statement < progress.statements else { return ProxyVerdict(passes: count, ends: false) }
            progress.isCutting = true
            let index = statement - first
            // A statement that was let through is to be executed: its answer ends the connection.
            if case .after = moment { return ProxyVerdict(passes: ends[index], ends: false) }
            return ProxyVerdict(passes: index == 0 ? 0 : ends[index - 1], ends: true)
        }
    }

    private static func contains(_ bytes: [UInt8], _ text: [UInt8]) -> Bool {
        guard bytes.count >= text.count else { return false }
        return (0...bytes.count - text.count).contains { bytes[$0...].starts(with: text) }
    }
}
