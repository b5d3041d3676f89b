import LosslessJSON

/// The JSON files of one folder, in sets of files that look alike.
///
/// Memory: the names of the folder's files and an outline for each set.
struct FolderSurvey: Sendable {
    /// What the top of a file is: files of different forms are never in one set.
    enum Form: Sendable, Hashable {
        case stream
        case list
        case keyed
        case object
        case other
    }

    /// Files that look alike.
    struct Cluster: Sendable {
        let form: Form
        let suffix: String
        let rank: PlaceRank
        var root: ValueOutline
        var names: [[UInt8]]
        var stems: [[UInt8]]
        var patterns: Set<NamePattern>

        /// The outline by which files are compared: of elements where the top only holds them.
        var shape: ValueOutline { FolderSurvey.shape(of: root, form: form) }
    }

    let folder: [UInt8]
    private(set) var clusters: [Cluster] = []
    /// Suffixes that do not promise JSON and that files have which are none.
    private var foreign: Set<String> = []

    /// Sets that are told apart in one folder; what comes later joins the likest.
    private static let mostClusters = 32
    private static let likeness = 0.5

    init(folder: [UInt8]) {
        self.folder = folder
    }

    /// Notes a file that is no JSON and does not promise to be.
    mutating func addForeign(_ place: FilePlace) {
        foreign.insert(place.suffix)
    }

    /// Adds a file that holds JSON.
    mutating func add(_ place: FilePlace, _ outline: FileOutline) {
        let form = Self.form(of: outline, place: place)
        let shape = Self.shape(of: outline.root, form: form)
        let pattern = NamePattern(place.stem)
        var best: (index: Int, likeness: Double)?
        for (index, cluster) in clusters.enumerated()
        where cluster.form == form && cluster.suffix == place.suffix && cluster.rank == place.rank {
            var likeness = cluster.shape.likeness(to: shape)
            if pattern.isOpen, cluster.patterns.contains(pattern) { likeness += 0.25 }
            if likeness > best?.likeness ?? -1 { best = (index, likeness) }
        }
        if let best, best.likeness >= Self.likeness || clusters.count >= Self.mostClusters {
            clusters[best.index].root.merge(outline.root)
            clusters[best.index].names.append(place.name)
            clusters[best.index].stems.append(place.stem)
            clusters[best.index].patterns.insert(pattern)
        } else {
            clusters.append(
                Cluster(
                    form: form,
                    suffix: place.suffix,
                    rank: place.rank,
                    root: outline.root,
                    names: [place.name],
                    stems: [place.stem],
                    patterns: [pattern]
                )
            )
        }
    }

    private static func form(of outline: FileOutline, place: FilePlace) -> Form {
        let root = outline.root
        if outline.values > 1 || place.path.isNamedStream { return .stream }
        if root.arrays > 0 { return .list }
        guard root.objects > 0 else { return .other }
        return RecordPlaceFinder.keyed(root, at: [], files: 1) == nil ? .object : .keyed
    }

    static func shape(of root: ValueOutline, form: Form) -> ValueOutline {
        switch form {
        case .stream, .object, .other: root
        case .list: root.element ?? ValueOutline()
        case .keyed: root.anyMember
        }
    }

    // MARK: Groups

    /// The groups of the folder, those with narrower names first.
    func groups() -> [FileGroup] {
        let suffixes = Set(clusters.map(\.suffix)).sorted()
        return suffixes.flatMap { suffix in groups(of: clusters.filter { $0.suffix == suffix }, suffix: suffix) }
    }

    private func groups(of clusters: [Cluster], suffix: String) -> [FileGroup] {
        var drafts = joined(clusters).map(Draft.init)
        drafts = gatherSingles(drafts)
        let allowsOpenNames = !foreign.contains(suffix) && !suffix.isEmpty
        if drafts.count == 1, allowsOpenNames, drafts[0].cluster.names.count > 1 {
            return [group(drafts[0], names: ["*" + suffix], areExact: false, isCatchAll: true)]
        }
        drafts.sort { left, right in
            let (few, many) = (left.cluster.names.count, right.cluster.names.count)
            return few != many
                ? few < many : left.cluster.names[0].lexicographicallyPrecedes(right.cluster.names[0])
        }
        var groups: [FileGroup] = []
        var open: [Draft] = []
        for (index, draft) in drafts.enumerated() {
            let others = drafts.enumerated().filter { $0.offset != index }.flatMap(\.element.cluster.names)
            if let names = patternNames(draft, suffix: suffix, others: others), allowsOpenNames {
                groups.append(group(draft, names: names, areExact: false, isCatchAll: false))
            } else if draft.isGathered, allowsOpenNames {
                open.append(draft)
            } else if draft.cluster.names.count <= Self.mostExactNames || !allowsOpenNames {
                groups.append(exactGroup(draft))
            } else {
                open.append(draft)
            }
        }
        groups += openGroups(open, suffix: suffix)
        return groups
    }

    private static let mostExactNames = 64
    private static let mostPatterns = 8

    /// A set with what is known about its records.
    private struct Draft {
        var cluster: Cluster
        var places: [RecordPlace]
        var isGathered = false

        init(_ cluster: Cluster) {
            self.cluster = cluster
            let hint = NameWords(NamePattern(cluster.stems[0]).words).kind
            let isRecord = cluster.form == .stream || cluster.form == .other
            places =
                isRecord
                ? [RecordPlace(steps: [], form: .whole, outline: cluster.root)]
                : RecordPlaceFinder(files: cluster.names.count, hint: hint).places(of: cluster.root)
        }

        var isWhole: Bool { cluster.form != .stream && places.allSatisfy { $0.form == .whole } }

        mutating func gather(_ other: Draft) {
            cluster.root.merge(other.cluster.root)
            cluster.names += other.cluster.names
            cluster.stems += other.cluster.stems
            cluster.patterns.formUnion(other.cluster.patterns)
            cluster = Cluster(
                form: .other,
                suffix: cluster.suffix,
                rank: cluster.rank,
                root: cluster.root,
                names: cluster.names,
                stems: cluster.stems,
                patterns: cluster.patterns
            )
            places = [RecordPlace(steps: [], form: .whole, outline: cluster.root)]
        }
    }

    /// A file with one value and a stream of such values are one set: a stream may be short.
    private func joined(_ clusters: [Cluster]) -> [Cluster] {
        var streams = clusters.filter { $0.form == .stream }
        var rest: [Cluster] = []
        for cluster in clusters where cluster.form != .stream {
            let home = streams.firstIndex {
                cluster.form == .object && $0.rank == cluster.rank
                    && $0.shape.likeness(to: cluster.shape) >= Self.likeness
            }
            guard let home else {
                rest.append(cluster)
                continue
            }
            streams[home].root.merge(cluster.root)
            streams[home].names += cluster.names
            streams[home].stems += cluster.stems
            streams[home].patterns.formUnion(cluster.patterns)
        }
        return streams + rest
    }

    /// Single documents that have nothing in common but their folder are one set: documents of that folder.
    private func gatherSingles(_ drafts: [Draft]) -> [Draft] {
        var kept: [Draft] = []
        var gathered: [PlaceRank: Draft] = [:]
        for draft in drafts {
            guard draft.isWhole, draft.cluster.names.count <= 2,
                draft.cluster.patterns.count == draft.cluster.names.count
            else {
                kept.append(draft)
                continue
            }
            guard var home = gathered[draft.cluster.rank] else {
                gathered[draft.cluster.rank] = draft
                continue
            }
            home.gather(draft)
            home.isGathered = true
            gathered[draft.cluster.rank] = home
        }
        return kept + gathered.keys.sorted().compactMap { gathered[$0] }
    }

    /// Globs of the patterns of a set's names, where there are few and they take nothing else.
    private func patternNames(_ draft: Draft, suffix: String, others: [[UInt8]]) -> [String]? {
        let patterns = draft.cluster.patterns
        guard patterns.count <= Self.mostPatterns, patterns.count < draft.cluster.names.count,
            patterns.allSatisfy(\.isOpen)
        else { return nil }
        let names = patterns.map { $0.glob + suffix }.sorted()
        let globs = names.compactMap { try? MappingGlob($0) }  // a pattern that is no glob is just not used
        guard globs.count == names.count else { return nil }
        return others.contains { name in globs.contains { $0.matches(name) } } ? nil : names
    }

    /// One of the sets takes what is left in the folder; the others join it as whole documents.
    private func openGroups(_ open: [Draft], suffix: String) -> [FileGroup] {
        var groups: [FileGroup] = []
        guard var last = open.max(by: { $0.cluster.names.count < $1.cluster.names.count }) else { return [] }
        let home = open.firstIndex { $0.cluster.names[0] == last.cluster.names[0] }
        for (index, draft) in open.enumerated() where index != home {
            if draft.cluster.names.count <= Self.mostExactNames {
                groups.append(exactGroup(draft))
            } else {
                last.gather(draft)
            }
        }
        groups.append(group(last, names: ["*" + suffix], areExact: false, isCatchAll: true))
        return groups
    }

    private func exactGroup(_ draft: Draft) -> FileGroup {
        group(
            draft,
            names: draft.cluster.names.map { NamePattern.escaped($0) }.sorted(),
            areExact: true,
            isCatchAll: false
        )
    }

    private func group(_ draft: Draft, names: [String], areExact: Bool, isCatchAll: Bool) -> FileGroup {
        let parts = folder.isEmpty ? [] : TreePath.components(folder).map { FileGroup.FolderPart.name(Array($0)) }
        let cluster = draft.cluster
        let words = Set(cluster.patterns.map { NameWords($0.words) })
        return FileGroup(
            folder: parts,
            names: names,
            areExact: areExact,
            isCatchAll: isCatchAll,
            rank: cluster.rank,
            isStream: cluster.form == .stream,
            root: cluster.root,
            places: draft.places,
            files: cluster.names.count,
            nameWords: words.count == 1 ? words.first : nil,
            examples: cluster.names.min { $0.lexicographicallyPrecedes($1) }.map { [TreePath.join(folder, $0)] } ?? []
        )
    }
}
