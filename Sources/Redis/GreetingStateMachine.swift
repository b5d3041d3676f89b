import Diagnostics
import RESP

/// Signing in on a new connection: RESP3 with `HELLO`, else RESP2; then the database.
///
/// No I/O. One command is under way at a time; each reply leads to the next command or to the end.
struct GreetingStateMachine: Sendable, Equatable {
    /// What to send.
    enum Step: Sendable, Equatable {
        /// `HELLO 3` with the login and the name. Exits: `select`, `authenticate`, `name`, done.
        case hello
        /// RESP2: `AUTH`. Exits: `name`.
        case authenticate
        /// RESP2: `CLIENT SETNAME`; a refusal does not matter. Exits: `select`, `probe`.
        case name
        /// `SELECT`. Exits: done, or `probe` with RESP2.
        case select
        /// RESP2: `PING`, which shows whether the server wants a login. Exits: done.
        case probe
    }

    /// What a reply leads to.
    enum Action: Sendable {
        case send(Step)
        /// Ready to use with this version of the protocol.
        case done(version: Int)
        case fail(RedisError)
    }

    let hasLogin: Bool
    let selectsDatabase: Bool
    private(set) var step = Step.hello
    private var version = 3

    init(hasLogin: Bool, selectsDatabase: Bool) {
        self.hasLogin = hasLogin
        self.selectsDatabase = selectsDatabase
    }

    /// A reply to the step under way.
    mutating func received(_ reply: RESPValue) -> Action {
        guard let text = reply.errorText else { return advance() }
        let refusal = RedisRefusal(text)
        if refusal.text.contains("max number of clients") {
            return .fail(.unavailable("Redis has no room for another connection", cause: RedisError.refused(text)))
        }
        switch (step, refusal.kind) {
        case (.hello, .other), (.hello, .noProtocol), (.hello, .noPermission):
            // An old server, one that renamed HELLO, or a user that may not call it.
            version = 2
            return send(hasLogin ? .authenticate : .name)
        case (.authenticate, .other):
            return .fail(
                RedisError(
                    .redisAuthentication,
                    "Redis refused the login: \(refusal.safeText)",
                    hint: "check the user name and the password in the URL",
                    refusal: refusal
                )
            )
        case (.name, .noAuthentication): return .fail(.refused(text))
        case (.name, _): return advance()
        case (.probe, .noAuthentication), (.probe, .protectedMode): return .fail(.refused(text))
        // Any other refusal of a PING shows a Redis; commands will say what is wrong.
        case (.probe, _): return advance()
        default: return .fail(.refused(text))
        }
    }

    private mutating func advance() -> Action {
        switch step {
        case .hello: selectsDatabase ? send(.select) : .done(version: version)
        case .authenticate: send(.name)
        case .name: send(selectsDatabase ? .select : .probe)
        case .select: version == 2 ? send(.probe) : .done(version: version)
        case .probe: .done(version: version)
        }
    }

    private mutating func send(_ next: Step) -> Action {
        step = next
        return .send(next)
    }
}
