import Diagnostics

/// The parts of a Redis URL.
struct RedisAddress: Sendable, Hashable {
    let isSecure: Bool
    let host: String
    let port: UInt16
    let user: String?
    let password: Secret?
    let database: Int?

    /// Reads `redis[s]://[[user]:password@]host[:port][/database]`; nil when it is something else.
    init?(_ url: String) {
        guard let scheme = url.firstRange(of: "://"), ["redis", "rediss"].contains(url[..<scheme.lowerBound]) else {
            return nil
        }
        let parts = url[scheme.upperBound...].prefix { $0 != "?" }.split(
            separator: "/",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard let authority = parts.first else { return nil }
        let at = authority.lastIndex(of: "@")
        let place = at.map { authority[authority.index(after: $0)...] } ?? authority
        let login =
            at.map { authority[..<$0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false) } ?? []
        guard let (host, port) = Self.place(place) else { return nil }
        self.isSecure = url.hasPrefix("rediss")
        self.host = host
        self.port = port
        self.user = login.first.flatMap { $0.isEmpty ? nil : PercentEncoding.decode($0) }
        self.password = login.count > 1 && !login[1].isEmpty ? Secret(PercentEncoding.decode(login[1])) : nil
        self.database = parts.count > 1 ? Int(parts[1]) : nil
    }

    /// The arguments of `redis-cli`; the password is not among them.
    var arguments: [String] {
        var list = ["-h", host, "-p", String(port)]
        if isSecure { list.append("--tls") }
        if let user { list += ["--user", user] }
        if let database { list += ["-n", String(database)] }
        return list
    }

    private static func place(_ text: Substring) -> (String, UInt16)? {
        var host = text
        var port: UInt16? = 6_379
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
            host = text[..<colon]
            port = UInt16(text[text.index(after: colon)...])
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard let port else { return nil }
        return (host.isEmpty ? "127.0.0.1" : String(host), port)
    }
}
