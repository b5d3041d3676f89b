/// How private Redis keys are named.
enum CacheKey {
    /// The Redis key of `<kind>:<id>` in an epoch; the id is raw and comes last, so any byte is fine.
    static func name(_ key: String, epoch: Int) -> String { "cortex:\(epoch):\(key)" }
}
