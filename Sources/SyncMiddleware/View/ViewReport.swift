/// What was done to the published view.
public struct ViewReport: Sendable, Equatable, Codable {
    /// Rows whose keys were brought up to date, gone ones included.
    public var rows = 0
    /// Places in keys that no row had published, taken out.
    public var removed = 0
    /// Whether the whole view was made anew.
    public var isRebuilt = false

    enum CodingKeys: String, CodingKey {
        case rows, removed
        case isRebuilt = "rebuilt"
    }
}
