public import Domain

/// Who is let in, and how often.
public struct AccessConfiguration: Sendable {
    /// Up to where callers without credentials may read; nil (the default): they may do nothing.
    public var anonymousClearance: Sensitivity?
    /// Whether everybody may do everything; only for a service on loopback, see `Loopback`; default false.
    public var isInsecureLocal = false
    /// How often each key may ask; nil: as often as it likes; default 20,000 a second, 40,000 at once.
    public var keyLimit: TokenBucketStateMachine.Limit? = .init(rate: 20_000, burst: 40_000)
    /// How often each address may ask without credentials; nil: as often as it likes; default 100 a second, 200 at once.
    public var anonymousLimit: TokenBucketStateMachine.Limit? = .init(rate: 100, burst: 200)
    /// How often keys that are not in the cache may be looked up; default 200 a second, 400 at once.
    public var lookupLimit = TokenBucketStateMachine.Limit(rate: 200, burst: 400)
    /// How long what is known of a key counts without being asked again: the bound on a revocation; default 900 ms.
    public var freshness: Duration = .milliseconds(900)
    /// How often known keys are asked about again; default 250 ms.
    public var refreshInterval: Duration = .milliseconds(250)
    /// How long the store may take to answer before it counts as away; with `refreshInterval` below `freshness`; default 500 ms.
    public var answerLimit: Duration = .milliseconds(500)
    /// How long keys that are known go on being valid while the store does not answer; default 15 min.
    public var outageGrace: Duration = .seconds(900)
    /// How many keys are kept, at least 1; one more takes the place of that presented longest ago; default 10,000.
    public var maximumKeys = 10_000
    /// How many addresses without credentials are counted apart; further ones share a bucket; default 10,000.
    public var maximumAddresses = 10_000

    /// The defaults.
    public init() {}
}
