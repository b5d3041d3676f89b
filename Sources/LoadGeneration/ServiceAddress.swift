/// Where a service is: `http://HOST[:PORT]` or `https://HOST[:PORT]`.
public struct ServiceAddress: Sendable, Equatable, CustomStringConvertible {
    /// The host's name or address, without brackets.
    public let host: String
    /// The port.
    public let port: Int
    /// Whether it speaks TLS.
    public let isSecure: Bool

    /// Reads a URL without user, path or query; nil when it is none.
    public init?(_ url: String) {
        let isSecure = url.hasPrefix("https://")
        guard isSecure || url.hasPrefix("http://") else { return nil }
        var rest = url.dropFirst(isSecure ? 8 : 7)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.isEmpty, !rest.contains(where: { "/?#@ ".contains($0) || $0.isNewline }) else { return nil }
        var host = rest
        var port = Substring(isSecure ? "443" : "80")
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = rest[rest.index(after: rest.startIndex)..<end]
            let tail = rest[rest.index(after: end)...]
            guard tail.isEmpty || tail.first == ":" else { return nil }
            if !tail.isEmpty { port = tail.dropFirst() }
        } else if let colon = rest.firstIndex(of: ":") {
            host = rest[..<colon]
            port = rest[rest.index(after: colon)...]
        }
        guard !host.isEmpty, let number = Int(port), (1...65_535).contains(number) else { return nil }
        self.host = String(host)
        self.port = number
        self.isSecure = isSecure
    }

    /// The URL.
    public var description: String { "\(isSecure ? "https" : "http")://\(authority)" }

    /// What a `Host` header says.
    var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
}
