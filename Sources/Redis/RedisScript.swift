import Crypto
public import RESP

/// A Lua script that is called by the SHA-1 of its text and sent in full only where the server does not know it.
public struct RedisScript: Sendable, Hashable {
    /// The text.
    public let source: String
    /// The SHA-1 of the text, as the server names it.
    public let sha: String

    /// Takes the text of a script.
    public init(_ source: String) {
        self.source = source
        let digits = Array("0123456789abcdef")
        sha = Insecure.SHA1.hash(data: Array(source.utf8)).reduce(into: "") { text, byte in
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
    }

    fileprivate func command(
        _ name: String,
        _ script: String,
        _ keys: [RESPArgument],
        _ arguments: [RESPArgument]
    ) -> RESPCommand {
        RESPCommand(name, [.text(script), .integer(Int64(keys.count))] + keys + arguments)
    }
}

extension RedisConnection {
    /// Runs a script.
    ///
    /// A server that does not know it (restart, `SCRIPT FLUSH`) gets its text in a second round trip, with the same time
    /// to answer. Throws what `send` throws.
    @discardableResult
    public func run(
        _ script: RedisScript,
        keys: [RESPArgument] = [],
        arguments: [RESPArgument] = [],
        timeout: Duration? = nil
    ) async throws(RedisError) -> RESPValue {
        do {
            return try await send(script.command("EVALSHA", script.sha, keys, arguments), timeout: timeout)
        } catch  where error.refusal?.kind == .noScript {
            return try await send(script.command("EVAL", script.source, keys, arguments), timeout: timeout)
        }
    }

    /// Runs a script; the closure gets its reply on the connection's loop, see `run`.
    public func run(
        _ script: RedisScript,
        keys: [RESPArgument] = [],
        arguments: [RESPArgument] = [],
        timeout: Duration? = nil,
        completion: @escaping @Sendable (RedisReply) -> Void
    ) {
        send(script.command("EVALSHA", script.sha, keys, arguments), timeout: timeout) { reply in
            guard case .failure(let error) = reply, error.refusal?.kind == .noScript else { return completion(reply) }
            self.send(
                script.command("EVAL", script.source, keys, arguments),
                timeout: timeout,
                completion: completion
            )
        }
    }
}
