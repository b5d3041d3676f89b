/// Files that one rule takes: where they are, how they are read, and where their records are.
struct FileGroup: Sendable {
    /// A part of the folder's path.
    enum FolderPart: Sendable, Hashable {
        case name([UInt8])
        /// Any folder whose name ends so (nothing, or the suffix of containers).
        case any(ending: String)

        var glob: String {
            switch self {
            case .name(let name): NamePattern.escaped(name)
            case .any(let ending): "*" + ending
            }
        }
    }

    /// The folder, part by part; empty at the root.
    var folder: [FolderPart]
    /// Globs of the names in the folder.
    var names: [String]
    /// Whether the names are those of single files.
    var areExact: Bool
    /// Whether the names take whatever is in the folder: such a rule comes behind the others of its folder.
    var isCatchAll: Bool
    var rank: PlaceRank
    var isStream: Bool
    /// What the values at the top have in common.
    var root: ValueOutline
    var places: [RecordPlace]
    var files: Int
    /// The words that the names of all its files share.
    var nameWords: NameWords?
    /// Files that stand for the group in comments, by path.
    var examples: [[UInt8]]

    /// The globs of the rule.
    var globs: [String] {
        let prefix = folder.map { $0.glob + "/" }.joined()
        return names.map { prefix + $0 }
    }

    /// How many parts of the folder are open.
    var openParts: Int { folder.count { if case .any = $0 { true } else { false } } }

    /// What the folder calls the things in it: the innermost telling name.
    var folderKind: String? {
        for part in folder.reversed() {
            if case .name(let name) = part, let kind = NameWords(name).kind { return kind }
        }
        return nil
    }

    /// The name of the kind at a place as far as names tell it; nil where none does.
    ///
    /// The member that holds the records, then the files' name, then the folder; the folder before the files' name where
    /// the files are all that is in it.
    func kind(at place: RecordPlace) -> String? {
        if let kind = place.memberName.flatMap({ NameWords($0.utf8).kind }) { return kind }
        if isCatchAll, case .name(let name) = folder.last, let kind = NameWords(name).kind { return kind }
        return nameWords?.kind ?? folderKind
    }

    /// Whether both have their records at the same places, and records that look alike.
    func isLike(_ other: FileGroup, atLeast likeness: Double) -> Bool {
        guard rank == other.rank, isStream == other.isStream, places.map(\.pointer) == other.places.map(\.pointer)
        else {
            return false
        }
        return zip(places, other.places).allSatisfy { $0.outline.likeness(to: $1.outline) >= likeness }
    }
}
