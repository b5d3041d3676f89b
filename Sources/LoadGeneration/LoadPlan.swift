public import Diagnostics

/// What load to make.
public struct LoadPlan: Sendable {
    /// Where the service is, such as `http://127.0.0.1:3000`.
    public var service: ServiceAddress
    /// For how long; default 30 s.
    public var duration: Duration = .seconds(30)
    /// How many connections, each with one request under way; default 32.
    public var clients = 32
    /// How much of it reads and how much writes; default 80 to 20.
    public var mix = LoadMix()
    /// How many requests a second are begun, whether or not earlier ones are answered (open loop); default nil.
    ///
    /// nil: each client begins the next when the last is answered (closed loop).
    public var rate: Double?
    /// How many documents are read and written; raised to one for each client; default 1,000.
    public var documents = 1_000
    /// The key to present; nil: none.
    public var key: Secret?
    /// How long an answer may take before the request counts as failed; default 10 s.
    public var deadline: Duration = .seconds(10)
    /// The seed of what is read and written when.
    public var seed: UInt64 = 1

    /// The defaults, on this service.
    public init(service: ServiceAddress) {
        self.service = service
    }
}

/// How much of a load reads and how much writes.
public struct LoadMix: Sendable, Equatable {
    /// Parts that read.
    public let read: Int
    /// Parts that write.
    public let write: Int

    /// 80 to 20.
    public init() { (read, write) = (80, 20) }

    /// Reads `read=80,write=20`; a part that is not named is 0.
    ///
    /// nil when that is not its form or nothing is left.
    public init?(_ text: String) {
        var parts: [Substring: Int] = [:]
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = item.split(separator: "=", omittingEmptySubsequences: false)
            guard halves.count == 2, ["read", "write"].contains(halves[0]), let number = Int(halves[1]),
                (0...1_000_000).contains(number), parts.updateValue(number, forKey: halves[0]) == nil
            else { return nil }
        }
        (read, write) = (parts["read"] ?? 0, parts["write"] ?? 0)
        guard read + write > 0 else { return nil }
    }

    /// Whether the next request writes.
    func writes(using generator: inout some RandomNumberGenerator) -> Bool {
        Int.random(in: 0..<(read + write), using: &generator) >= read
    }
}
