/// What the drafted rules take: files, records, and what identifies them.
struct DraftTally: Sendable {
    /// A group of files as a rule, with what it took.
    struct Entry: Sendable {
        let group: FileGroup
        /// The kinds at the group's places as far as names tell them.
        let kinds: [String?]
        var sketches: [RecordSketch]
        var files = 0
        /// Files that hold nothing.
        var empty = 0
        /// Files that are no valid JSON: each becomes one quarantined record.
        var broken = 0
        var brokenExample: [UInt8]?
        /// Stretches of streams that are no valid JSON.
        var brokenStretches = 0
        private let globs: [MappingGlob]

        init(_ group: FileGroup) {
            self.group = group
            let kinds = group.places.map { group.kind(at: $0) }
            self.kinds = kinds
            sketches = zip(group.places, kinds).map { place, kind in
                RecordSketch(place: place, kind: kind, isStream: group.isStream, isOpen: group.openParts > 0)
            }
            // The draft's own globs: one that could not be read would fail with the mapping.
            globs = group.globs.compactMap { try? MappingGlob($0) }
        }

        func takes(_ path: MappingPath) -> Bool { globs.contains { $0.matches(path.bytes) } }
    }

    var entries: [Entry]
    var unmapped: [MappingDraft.Unmapped] = []
    /// Files that are no JSON and do not promise to be.
    var otherFiles = 0
    var problems: [String] = []

    init(groups: [FileGroup]) {
        entries = groups.map(Entry.init)
    }

    /// Halves the largest sketches until all together keep no more hashes.
    mutating func keepHashes(atMost most: Int) {
        while entries.reduce(0, { $0 + $1.sketches.reduce(0) { $0 + $1.size } }) > most {
            var largest = (entry: 0, sketch: 0, size: -1)
            for (entry, value) in entries.enumerated() {
                for (sketch, value) in value.sketches.enumerated() where value.size > largest.size {
                    largest = (entry, sketch, value.size)
                }
            }
            entries[largest.entry].sketches[largest.sketch].halve()
        }
    }
}
