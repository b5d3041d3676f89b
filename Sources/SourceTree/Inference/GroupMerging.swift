/// Groups of like files in sister folders become one: `projects/*/tickets/*.json`.
enum GroupMerging {
    /// Merges until nothing changes; the result is in the order in which rules have to stand.
    static func merged(_ groups: [FileGroup]) -> [FileGroup] {
        var groups = groups
        var changed = true
        while changed {
            changed = false
            let depth = groups.map(\.folder.count).max() ?? 0
            for part in 0..<depth {
                if let merged = merged(groups, at: part) {
                    groups = merged
                    changed = true
                }
            }
        }
        return ordered(groups)
    }

    /// Narrow folders before open ones, and in a folder named files before what is left.
    static func ordered(_ groups: [FileGroup]) -> [FileGroup] {
        func key(_ group: FileGroup) -> (Int, String, Int, String) {
            (group.openParts, group.folder.map(\.glob).joined(separator: "/"), group.isCatchAll ? 1 : 0, group.names[0])
        }
        return groups.sorted { key($0) < key($1) }
    }

    /// What groups must have in common to be merged at a part of their folders.
    private struct Frame: Hashable {
        let before: [FileGroup.FolderPart]
        let after: [FileGroup.FolderPart]
        let names: [String]
        let rank: PlaceRank
        let isStream: Bool
        let pointers: [String]
    }

    private static func merged(_ groups: [FileGroup], at part: Int) -> [FileGroup]? {
        var frames: [Frame: [Int]] = [:]
        for (index, group) in groups.enumerated() where group.folder.count > part {
            guard case .name = group.folder[part] else { continue }
            let frame = Frame(
                before: Array(group.folder[..<part]),
                after: Array(group.folder[(part + 1)...]),
                names: group.names,
                rank: group.rank,
                isStream: group.isStream,
                pointers: group.places.map(\.pointer)
            )
            frames[frame, default: []].append(index)
        }
        var gone: Set<Int> = []
        var made: [FileGroup] = []
        for indices in frames.values.sorted(by: { $0[0] < $1[0] }) {
            let alike = indices.filter { groups[$0].isLike(groups[indices[0]], atLeast: 0.5) }
            let members = alike.map { groups[$0] }
            guard let ending = ending(of: members, at: part) else { continue }
            made.append(union(members, at: part, ending: ending))
            gone.formUnion(alike)
        }
        guard !made.isEmpty else { return nil }
        return groups.enumerated().filter { !gone.contains($0.offset) }.map(\.element) + made
    }

    /// The suffix of the part's names where the groups may be merged there; nil where they may not.
    ///
    /// Folders with a telling part behind them (`*/tickets/…`, `*/profile.json`) are sisters when there are two. The
    /// last folder of open names needs names that differ in a number only, or five folders that look very much alike:
    /// `tickets/*.json` and `users/*.json` are no sisters.
    private static func ending(of groups: [FileGroup], at part: Int) -> String? {
        guard groups.count > 1 else { return nil }
        let names = groups.compactMap { group -> [UInt8]? in
            if case .name(let name) = group.folder[part] { name } else { nil }
        }
        let isLast = part == groups[0].folder.count - 1 && !groups[0].areExact
        let patterns = Set(names.map { NamePattern($0) })
        let isNumbered = patterns.count == 1 && patterns.allSatisfy(\.isOpen)
        if isLast, !isNumbered {
            guard groups.count >= 5, groups.allSatisfy({ $0.isLike(groups[0], atLeast: 0.8) }) else { return nil }
        }
        let containers = [".tar.gz!", ".tgz!"].filter { ending in
            names.contains { $0.suffix(ending.utf8.count).elementsEqual(ending.utf8) }
        }
        guard let ending = containers.first else { return "" }
        return names.allSatisfy { $0.suffix(ending.utf8.count).elementsEqual(ending.utf8) } ? ending : nil
    }

    private static func union(_ groups: [FileGroup], at part: Int, ending: String) -> FileGroup {
        var result = groups[0]
        result.folder[part] = .any(ending: ending)
        for group in groups.dropFirst() {
            result.root.merge(group.root)
            for index in result.places.indices { result.places[index].outline.merge(group.places[index].outline) }
            result.files += group.files
        }
        return result
    }
}
