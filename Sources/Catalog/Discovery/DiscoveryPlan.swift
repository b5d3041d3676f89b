import Domain
import SourceTree

/// What there is to do so that the catalog says what a scan found: worked out from facts, without any I/O.
///
/// A file is known by its path: the asset whose note has it. A new path takes the id that the rules give; where an
/// asset of discovery has it whose own file is gone, the file has moved and the asset goes with it; where another asset
/// has it, the path gets an id of its own. Assets without a note are never changed: a file that one of them describes,
/// by its path or by its id alone, is left to it.
struct DiscoveryPlan: Sendable, Equatable {
    /// What is to be done, in the order of the paths.
    private(set) var actions: [DiscoveryAction] = []
    /// How many assets say already what was found.
    private(set) var unchanged = 0
    /// Files that assets describe which discovery did not write.
    private(set) var described: [DiscoveryReport.Place] = []
    /// Assets of discovery whose files are gone, those that are to be removed included.
    private(set) var missing: [DiscoveryReport.Place] = []

    /// Works it out.
    ///
    /// - Parameters:
    ///   - scan: what is there.
    ///   - assets: what the catalog says.
    ///   - rules: what new assets are called.
    ///   - removesMissing: whether assets of discovery whose files are gone are removed.
    init(scan: DiscoveryScan, assets: [CatalogedAsset], rules: AssetRules, removesMissing: Bool = false) {
        var ids = KnownAssets(assets)
        let paths = Set(scan.files.map { ExactText($0.note.path) })
        var new: [ScannedFile] = []
        for file in scan.files {
            if let asset = ids.byPath[ExactText(file.note.path)] {
                settle(file, asset, isMoved: false)
            } else {
                new.append(file)
            }
        }
        var gone: [ExactText: CatalogedAsset] = [:]
        for asset in assets {
            guard let note = asset.note, !paths.contains(ExactText(note.path)), scan.covers(note.path) else { continue }
            gone[ExactText(asset.id)] = asset
        }
        for file in new {
            if let id = ids.foreignByPath[ExactText(file.note.path)] {
                described.append(DiscoveryReport.Place(id: id, path: file.note.path))
                continue
            }
            place(file, rules.description(of: file.path), &ids, &gone)
        }
        for asset in gone.values.sorted(by: { ExactText($0.id) < ExactText($1.id) }) {
            missing.append(DiscoveryReport.Place(id: asset.id, path: asset.note?.path ?? ""))
            if removesMissing { actions.append(.removal(of: asset)) }
        }
    }

    /// Finds the asset for a new path.
    private mutating func place(
        _ file: ScannedFile,
        _ description: AssetDescription,
        _ ids: inout KnownAssets,
        _ gone: inout [ExactText: CatalogedAsset]
    ) {
        for id in [description.id, AssetRules.distinctID(description.id, path: file.path)] {
            if ids.claim(id) {
                actions.append(.creation(of: file, id: id, description))
                return
            }
            if let asset = gone.removeValue(forKey: ExactText(id)) {
                settle(file, asset, isMoved: true)
                return
            }
            if ids.isForeignWithoutPath(id) {
                described.append(DiscoveryReport.Place(id: id, path: file.note.path))
                return
            }
        }
        // Another path has taken both: as good as impossible, and told instead of done.
        described.append(DiscoveryReport.Place(id: description.id, path: file.note.path))
    }

    private mutating func settle(_ file: ScannedFile, _ asset: CatalogedAsset, isMoved: Bool) {
        if let action = DiscoveryAction.update(of: asset, to: file, isMoved: isMoved) {
            actions.append(action)
        } else {
            unchanged += 1
        }
    }
}

/// The assets of the catalog by what discovery looks for.
private struct KnownAssets {
    /// Assets of discovery by the paths of their notes.
    private(set) var byPath: [ExactText: CatalogedAsset] = [:]
    /// The ids of other assets by the paths that they give.
    private(set) var foreignByPath: [ExactText: String] = [:]
    private var foreignWithoutPath: Set<ExactText> = []
    private var taken: Set<ExactText> = []

    init(_ assets: [CatalogedAsset]) {
        for asset in assets.sorted(by: { ExactText($0.id) < ExactText($1.id) }) {
            taken.insert(ExactText(asset.id))
            if let note = asset.note {
                // Of two with one path, as when somebody copied a document, the first id counts.
                if byPath[ExactText(note.path)] == nil { byPath[ExactText(note.path)] = asset }
            } else if let path = asset.path, !path.isEmpty {
                foreignByPath[ExactText(Self.plain(path))] = asset.id
            } else {
                foreignWithoutPath.insert(ExactText(asset.id))
            }
        }
    }

    /// A path as catalogs write it: perhaps with `/` or `./` before it.
    private static func plain(_ path: String) -> String {
        var rest = path[...]
        while rest.hasPrefix("/") || rest.hasPrefix("./") { rest = rest.dropFirst(rest.hasPrefix("/") ? 1 : 2) }
        return String(rest)
    }

    /// Takes an id; false when it is taken.
    mutating func claim(_ id: String) -> Bool { taken.insert(ExactText(id)).inserted }

    func isForeignWithoutPath(_ id: String) -> Bool { foreignWithoutPath.contains(ExactText(id)) }
}
