public import Domain

/// What the path of a file alone says about it as an asset.
public struct AssetDescription: Sendable, Equatable {
    /// The id that the path gives; other paths may give the same one.
    public var id: String
    /// The name for people; nil for none.
    public var name: String?
    /// The type, such as `data`; nil for none.
    public var type: String?
    /// The category; nil for none.
    public var category: String?
    /// The category below the category; nil for none.
    public var subcategory: String?
    /// The namespace, parts joined with dots; nil for none.
    public var namespace: String?
    /// Who is responsible for it; nil for none.
    public var owner: String?
    /// What it is, for people; nil for none.
    public var description: String?
    /// Who may see it.
    public var sensitivity: Sensitivity
    /// Words to find it by.
    public var tags: [String]
}
