public import Diagnostics

/// Where a Redis is and how to sign in, as a URL says it.
///
/// `redis://[[user]:password@]host[:port][/database]`, `rediss://…` for TLS, and for a socket `unix:///path/to/socket`
/// or just its absolute path. Parameters: `db`, and with TLS `cacert` (a PEM file of trusted authorities). Prints
/// without the password.
public struct RedisURL: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Where the server listens.
    public enum Place: Sendable, Hashable {
        /// A host name or address, and a port.
        case host(String, port: Int)
        /// A Unix socket.
        case socket(path: String)
    }

    /// Where the server listens.
    public var place: Place
    /// The user to sign in as; nil means the default user.
    public var user: String?
    /// The password; nil signs in as nobody.
    public var password: Secret?
    /// The number of the database, by default 0.
    public var database: Int
    /// Whether the connection is encrypted.
    public var isSecure: Bool
    /// A PEM file with the authorities to trust; nil trusts those of the system.
    public var authorities: String?

    /// Sets the parts.
    public init(
        place: Place,
        user: String? = nil,
        password: Secret? = nil,
        database: Int = 0,
        isSecure: Bool = false,
        authorities: String? = nil
    ) {
        self.place = place
        self.user = user
        self.password = password
        self.database = database
        self.isSecure = isSecure
        self.authorities = authorities
    }

    /// Whether a text is meant as the URL of a Redis.
    public static func looksLikeURL(_ text: String) -> Bool {
        ["redis://", "rediss://", "unix://"].contains { text.lowercased().hasPrefix($0) }
    }

    /// Reads a URL.
    ///
    /// Throws `setting.invalid` with what is wrong; the text itself is in no error, because it may hold a password.
    public init(_ text: String) throws(RedisError) {
        self = try RedisURLParser.parse(text)
    }

    /// The URL without the password; equal for equal places, so that it can serve as a name.
    public var description: String {
        let login = user.map { PercentText.encode($0) + "@" } ?? ""
        switch place {
        case .socket(let path):
            return "unix://\(login)\(PercentText.encode(path))" + (database == 0 ? "" : "?db=\(database)")
        case .host(let host, let port):
            let name = host.contains(":") ? "[\(host)]" : host
            return "\(isSecure ? "rediss" : "redis")://\(login)\(name):\(port)/\(database)"
        }
    }

    /// The same as `description`.
    public var debugDescription: String { description }

    /// Hides the password from reflection.
    public var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}
