import LosslessJSON

/// Drafts a mapping for a tree that was never seen, in which every kind goes to `documents`.
///
/// Decided are: which files are alike, where their records are, what they are called, and what identifies them. The tree
/// is read twice: once to see what is alike, once to count and to look for ids in what the drafted rules take. Memory is
/// bounded whatever the number and size of the records: an outline for each group of files, a sketch for each candidate
/// of an id, the names of one folder at a time.
public struct MappingInference: Sendable {
    private let contents: TreeContents

    /// An inference over a checked source that leaves out the directories `excluding`, as a walk does.
    public init(root: SourceRoot, excluding: [String] = []) {
        contents = TreeContents(root: root, excluded: excluding)
    }

    /// Rules of a draft; the groups with the fewest files beyond that share one rule.
    static let mostGroups = 500
    /// Hashes that all sketches together keep.
    private static let mostHashes = 2 << 20

    /// Reads the tree and drafts the mapping; without rules where the tree holds no JSON.
    ///
    /// Equal trees give equal texts. Throws what the walk throws, `CancellationError`, and `MappingError` should the
    /// draft not be a valid mapping.
    public func draft() throws -> MappingDraft {
        var tally = DraftTally(groups: try groups())
        tally.problems = try contents.forEachFile { try count($0, in: &tally) }
        let draft = DraftWriter(tally: tally).draft()
        if !draft.rules.isEmpty { _ = try Mapping(yaml: Array(draft.yaml.utf8), file: "the draft") }
        return draft
    }

    // MARK: First pass: what is alike

    private func groups() throws -> [FileGroup] {
        var open: [FolderSurvey] = []
        var groups: [FileGroup] = []
        _ = try contents.forEachFile { file in
            while let last = open.last, !file.place.isBelow(last.folder) {
                groups += last.groups()
                open.removeLast()
            }
            if open.last?.folder != file.place.folder { open.append(FolderSurvey(folder: file.place.folder)) }
            try survey(file, in: &open[open.count - 1])
        }
        for survey in open { groups += survey.groups() }
        return Self.limited(GroupMerging.merged(groups))
    }

    private func survey(_ file: TreeContents.File, in survey: inout FolderSurvey) throws {
        let place = file.place
        if !place.isNamedJSON, try !Self.beginsLikeJSON(file) { return survey.addForeign(place) }
        let outline = try FileOutline.read(stopsAtMistake: !place.isNamedJSON, open: file.open)
        let isWhole = outline.mistakes == 0 && outline.values > 0
        if place.isNamedJSON {
            let isStream = place.path.isNamedStream && outline.values > 0
            if isWhole || isStream { survey.add(place, outline) }
        } else if isWhole, !outline.hasText {
            survey.add(place, outline)
        } else {
            survey.addForeign(place)
        }
    }

    /// Whether a file that does not promise JSON begins like an object or a list.
    private static func beginsLikeJSON(_ file: TreeContents.File) throws -> Bool {
        guard Container(path: file.place.path.bytes) == nil else { return false }
        var buffer = [UInt8](repeating: 0, count: 512)
        let reader = try file.open()
        let count = try buffer.withUnsafeMutableBytes { try reader($0) }
        let first = buffer[..<count].first { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    /// The largest groups, and one more that takes the files of the others as documents.
    private static func limited(_ groups: [FileGroup]) -> [FileGroup] {
        guard groups.count > mostGroups else { return groups }
        let ranked = groups.enumerated().sorted { ($1.element.files, $0.offset) < ($0.element.files, $1.offset) }
        let kept = Set(ranked.prefix(mostGroups - 1).map(\.offset))
        var rest = groups[ranked[mostGroups - 1].offset]
        for other in ranked.dropFirst(mostGroups) {
            rest.root.merge(groups[other.offset].root)
            rest.files += groups[other.offset].files
        }
        rest.folder = []
        rest.names = ["**/*.json*", "**/*.ndjson"]
        rest.areExact = false
        rest.isCatchAll = true
        rest.rank = .live
        rest.isStream = true
        rest.nameWords = nil
        rest.places = [RecordPlace(steps: [], form: .whole, outline: rest.root)]
        return groups.enumerated().filter { kept.contains($0.offset) }.map(\.element) + [rest]
    }

    // MARK: Second pass: what the rules take

    private func count(_ file: TreeContents.File, in tally: inout DraftTally) throws {
        guard let index = tally.entries.firstIndex(where: { $0.takes(file.place.path) }) else {
            return try countUnmapped(file, in: &tally)
        }
        tally.entries[index].files += 1
        let isStream = tally.entries[index].group.isStream
        guard try isStream || isValid(file, in: &tally.entries[index]) else { return }
        let selectors = try tally.entries[index].group.places.map { try RecordSelector(pointer: $0.pointer) }
        for place in tally.entries[index].sketches.indices {
            tally.entries[index].sketches[place].startFile(file.place.path)
        }
        let folder = NameHash.hash(file.place.folder)
        var values = 0
        var scanner = JSONRecordScanner(reader: try file.open(), selectors: selectors, tolerance: .tolerant)
        while let item = try scanner.next() {
            switch item {
            case .record(let selector, _, let pointer, _, let bytes, let kind, _):
                let form = tally.entries[index].group.places[selector].form
                if form == .keyed, kind != .object { continue }
                let key = form == .keyed ? MappingPointer.split(pointer)?.last : nil
                tally.entries[index].sketches[selector].add(
                    bytes,
                    kind: kind,
                    key: key,
                    place: file.place,
                    folder: folder
                )
            case .value: values += 1
            case .invalid: tally.entries[index].brokenStretches += 1
            case .text, .byteOrderMark: break
            }
        }
        if values == 0 { tally.entries[index].empty += 1 }
        tally.keepHashes(atMost: Self.mostHashes)
    }

    /// Whether a file is valid from its first byte to its last: from a mistake on, a migration reads no records.
    private func isValid(_ file: TreeContents.File, in entry: inout DraftTally.Entry) throws -> Bool {
        var scanner = JSONRecordScanner(reader: try file.open(), selectors: [], tolerance: .tolerant)
        while let item = try scanner.next() {
            guard case .invalid = item else { continue }
            entry.broken += 1
            if entry.brokenExample == nil { entry.brokenExample = file.place.path.bytes }
            return false
        }
        return true
    }

    private func countUnmapped(_ file: TreeContents.File, in tally: inout DraftTally) throws {
        guard file.place.isNamedJSON else {
            tally.otherFiles += 1
            return
        }
        let outline = try FileOutline.read(open: file.open)
        let reason =
            if outline.mistakes > 0 { "no valid JSON" } else if outline.values == 0 { "empty" } else {
                "changed meanwhile"
            }
        tally.unmapped.append(MappingDraft.Unmapped(path: file.place.path.bytes, reason: reason))
    }
}

extension FilePlace {
    /// Whether the file is in a folder or below it.
    fileprivate func isBelow(_ folder: [UInt8]) -> Bool {
        folder.isEmpty || self.folder == folder || self.folder.starts(with: folder + [UInt8(ascii: "/")])
    }
}
