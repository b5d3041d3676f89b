public import SyncMiddleware

/// Which routes a listener has; `/health` and `/openapi.json` are on each.
public enum ServedRoutes: Sendable {
    /// All of them.
    case all
    /// The catalog's.
    case catalog
    /// `/livez`, `/readyz`, `/metrics` and `/admin/…`.
    case operation
}

/// What an administrator may do over HTTP beside reading.
public struct Administration: Sendable {
    /// What is done to the speed layer; nil while this instance has none, as in mode `json`.
    public var cache: @Sendable () -> CacheMaintenance?

    /// By default there is no speed layer.
    public init(cache: @escaping @Sendable () -> CacheMaintenance? = { nil }) {
        self.cache = cache
    }
}
