/// A promise that a history shows to be broken.
public struct Breach: Error, Sendable, Equatable, CustomStringConvertible {
    /// The promises, numbered as in the design.
    public enum Promise: String, Sendable, CaseIterable {
        /// No acknowledged write is lost.
        case p9 = "P9"
        /// A retry with the same idempotency key has one effect.
        case p10 = "P10"
        /// Nobody reads older than their token, or than what the same instance acknowledged.
        case p11 = "P11"
        /// Without a token an answer is at most the staleness bound old.
        case p12 = "P12"
        /// Old values do not come back.
        case p13 = "P13"
        /// After faults every cached document equals PostgreSQL.
        case p14 = "P14"
        /// One read of PostgreSQL for each key and lease.
        case p15 = "P15"
        /// The relay loses nothing and keeps the order.
        case p17 = "P17"
    }

    /// Which promise.
    public let promise: Promise
    /// By what.
    public let text: String

    /// Makes a breach.
    public init(_ promise: Promise, _ text: String) {
        self.promise = promise
        self.text = text
    }

    /// Promise and text.
    public var description: String { "\(promise.rawValue): \(text)" }
}
