/// What a caller may do, as a set; the names are those of `api_keys.scopes`.
public struct AccessScopes: OptionSet, Sendable, Hashable {
    /// One bit for each scope.
    public let rawValue: UInt8

    /// Takes the bits as they are.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Reading up to the caller's clearance.
    public static let read = AccessScopes(rawValue: 1)
    /// Creating, changing and deleting.
    public static let write = AccessScopes(rawValue: 2)
    /// Mode, cache, runs, keys and users; it includes the others.
    public static let admin = AccessScopes(rawValue: 4)

    /// Every scope with its name, in order.
    public static let named: [(name: String, scope: AccessScopes)] = [
        ("read", .read), ("write", .write), ("admin", .admin),
    ]

    /// Reads names; nil when one is none.
    public init?(names: some Sequence<String>) {
        var scopes: AccessScopes = []
        for name in names {
            guard let scope = Self.named.first(where: { $0.name == name })?.scope else { return nil }
            scopes.insert(scope)
        }
        self = scopes
    }

    /// The names, in order.
    public var names: [String] { Self.named.filter { contains($0.scope) }.map(\.name) }

    /// Whether these scopes allow what needs that one: `admin` allows everything.
    public func allow(_ scope: AccessScopes) -> Bool { contains(.admin) || isSuperset(of: scope) }
}
