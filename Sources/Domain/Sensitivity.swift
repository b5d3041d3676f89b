/// How sensitive a document is, in rising order; the same scale says up to where a caller may read.
///
/// The raw values are those of the column `sensitivity` and of `api_keys.clearance`.
public enum Sensitivity: String, Sendable, CaseIterable, Comparable, Codable {
    /// For everybody.
    case `public`
    /// For everybody inside; also what a document without a sensitivity counts as.
    case `internal`
    /// For those who need it.
    case confidential
    /// For few.
    case restricted
    /// For named persons; its body never goes to Redis.
    case secret

    /// What a document without a sensitivity of its own counts as.
    public static let unstated = Sensitivity.internal

    /// Its place on the scale, from 1 (public) to 5 (secret); that of the SQL function `sensitivity_rank`.
    public var rank: Int {
        switch self {
        case .public: 1
        case .internal: 2
        case .confidential: 3
        case .restricted: 4
        case .secret: 5
        }
    }

    /// Whether somebody with this clearance may read it; nobody without one may read anything.
    public func isReadable(with clearance: Sensitivity?) -> Bool {
        clearance.map { self <= $0 } ?? false
    }

    /// Less sensitive.
    public static func < (left: Sensitivity, right: Sensitivity) -> Bool { left.rank < right.rank }
}
