/// Where a file is, cut into what rules are made of: folder, stem and suffix.
struct FilePlace: Sendable, Hashable {
    /// The path that globs are matched with; `container!/member` for members.
    let path: MappingPath
    /// The folder, empty at the root; for members `container.tar.gz!` and the folders in it.
    let folder: [UInt8]
    /// The name behind the folder; `x.json.gz!/x.json` for what a plain `.gz` holds.
    let name: [UInt8]
    /// The name without what follows `.json`, or its last dot.
    let stem: [UInt8]
    /// The rest of the name as a glob: `.json`, `.jsonl.gz!/*`; numbers in it are wild, so that rotated files fit.
    let suffix: String
    /// How far the place is from the live files.
    let rank: PlaceRank

    /// The place of a file, or of a member of a container.
    init(_ path: [UInt8], member: [UInt8]? = nil) {
        self.path = MappingPath(path, member: member)
        rank = PlaceRank(of: self.path.bytes)
        let isPlainGzip = member != nil && !Self.isArchive(path)
        let whole = isPlainGzip ? path : self.path.bytes
        let cut = TreePath.split(whole)
        folder = Array(cut.parent)
        stem = Array(MappingPath(Array(cut.name)).stem)
        let rest = NamePattern(cut.name.dropFirst(stem.count), keepingWords: true).glob
        suffix = isPlainGzip ? rest + "!/*" : rest
        name = Array(cut.name) + (isPlainGzip ? Array("!/".utf8) + (member ?? []) : [])
    }

    /// Whether the name promises JSON, one value or a stream of them.
    var isNamedJSON: Bool { path.isNamedJSON || path.isNamedStream }

    private static func isArchive(_ path: [UInt8]) -> Bool {
        [".tar.gz", ".tgz"].contains { path.count > $0.utf8.count && path.suffix($0.utf8.count).elementsEqual($0.utf8) }
    }
}

/// How far a place is from the live files, by the words in its path.
enum PlaceRank: String, Sendable, Comparable {
    case live
    case backup
    case archive

    private static let backupWords: Set<String> = [
        "backup", "backups", "bak", "old", "copy", "copies", "orig", "snapshot", "snapshots", "previous",
    ]
    private static let archiveWords: Set<String> = ["archive", "archives", "archived"]

    /// The rank of a path: `archive` and `backup` are words of it, `backlog` holds neither.
    init(of path: [UInt8]) {
        let words = NameWords(path).words
        if words.contains(where: Self.archiveWords.contains) {
            self = .archive
        } else {
            self = words.contains(where: Self.backupWords.contains) ? .backup : .live
        }
    }

    static func < (left: PlaceRank, right: PlaceRank) -> Bool { left.order < right.order }

    private var order: Int {
        switch self {
        case .live: 0
        case .backup: 1
        case .archive: 2
        }
    }

    /// Whether a word only says that a place is a backup or an archive.
    static func isRankWord(_ word: String) -> Bool {
        backupWords.contains(word) || archiveWords.contains(word)
    }
}
