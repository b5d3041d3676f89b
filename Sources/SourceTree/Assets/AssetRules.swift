import Crypto
import Domain

/// How files of a tree become assets: rules that tell from a path what the asset is called, what it is, and whose.
///
/// Each field comes from the first rule that takes the path and says something about the field. The language is in
/// `docs/discovery.md`.
public struct AssetRules: Sendable {
    /// One rule: which paths, and what they say.
    struct Rule: Sendable {
        var globs: [MappingGlob]
        var fields: [Field: AssetTemplate] = [:]
        var sensitivity: Sensitivity?
        var tags: [AssetTemplate]?
    }

    /// A field that holds a text.
    enum Field: String, Sendable, CaseIterable {
        case id, name, type, category, subcategory, namespace, owner, description
    }

    /// What is left out of the tree.
    private let skipped: [MappingGlob]
    private let rules: [Rule]

    /// Reads and checks rules.
    ///
    /// - Parameters:
    ///   - yaml: the text of the file.
    ///   - file: its name, for messages.
    /// - Throws: every issue that was found, in one error.
    public init(yaml: [UInt8], file: String) throws(AssetRulesError) {
        var reader = AssetRulesReader(file: file)
        (skipped, rules) = try reader.read(yaml)
    }

    /// The rules that ship with Cortex, made for the coordination trees of the original project.
    public static func shipped() throws(AssetRulesError) -> AssetRules {
        try AssetRules(yaml: shippedYAML, file: "assets.yaml")
    }

    /// The text of the shipped rules, to copy and change.
    public static var shippedYAML: [UInt8] { PackageResources.assets_yaml }

    /// The JSON Schema of files with rules.
    public static var publishedSchema: [UInt8] { PackageResources.assets_schema_json }

    /// Whether the path is left out: by the rules, or because the catalog itself is kept there in mode `json`, which
    /// describing it would change each time anew.
    public func skips(_ path: [UInt8]) -> Bool {
        path == Self.catalogFile || path.starts(with: Self.catalogFolder) || skipped.contains { $0.matches(path) }
    }

    private static let catalogFile = Array("coordination/catalog/asset-catalog.json".utf8)
    private static let catalogFolder = Array("coordination/catalog/assets/".utf8)

    /// What the rules say about a path, as `SourceRoot.mappingPath` gives it.
    public func description(of path: [UInt8]) -> AssetDescription {
        let parts = TreePath.components(path).map { TreePath.text(Array($0)) }
        let matching = rules.filter { rule in rule.globs.contains { $0.matches(path) } }
        func text(_ field: Field) -> String? {
            let text = matching.lazy.compactMap { $0.fields[field] }.first?.text(for: parts)
            return text.flatMap { $0.isEmpty ? nil : $0 }
        }
        return AssetDescription(
            id: Self.fitting(text(.id) ?? TreePath.text(path), path: path),
            name: text(.name),
            type: text(.type),
            category: text(.category),
            subcategory: text(.subcategory),
            namespace: text(.namespace),
            owner: text(.owner),
            description: text(.description),
            sensitivity: matching.lazy.compactMap(\.sensitivity).first ?? .unstated,
            tags: matching.lazy.compactMap(\.tags).first?.map { $0.text(for: parts) }.filter { !$0.isEmpty } ?? []
        )
    }

    // MARK: Ids

    /// The longest id that a path gives, in bytes.
    private static let longestID = 512

    /// The id for a path whose own id another asset has: the same with eight digits of the path's SHA-256.
    public static func distinctID(_ id: String, path: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let hex = SHA256.hash(data: path).prefix(4).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return id + "-" + String(decoding: hex, as: UTF8.self)
    }

    private static func fitting(_ id: String, path: [UInt8]) -> String {
        guard id.utf8.count > longestID else { return id }
        var cut = id
        while cut.utf8.count > longestID { cut.removeLast(max(1, (cut.utf8.count - longestID) / 8)) }
        return distinctID(cut, path: path)
    }
}
