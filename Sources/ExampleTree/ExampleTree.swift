/// A coordination tree made up from a seed: the same bytes for the same seed and size, on every machine.
///
/// It has the layout, the field names and the defects of real trees: ids that are used again with other content,
/// seven spellings of time, holes where templates were not filled, pasted objects, pretty-printed JSONL, a directory
/// whose name holds a newline, compressed history. All names and texts are made up.
public struct ExampleTree: Sendable, Hashable {
    /// What the content is derived from.
    public let seed: UInt64
    /// How many tasks the live queue and the archive hold together; the deliberate defects add some 60 records.
    public let tasks: Int

    /// A tree of this seed and size; at least one task.
    public init(seed: UInt64, tasks: Int) {
        self.seed = seed
        self.tasks = max(1, tasks)
    }

    /// Writes the tree as a project root (`coordination/`, `agents/`) and returns what is in it.
    ///
    /// The directory must be absent (its parent must exist) or empty. Memory does not grow with the number of tasks.
    /// Compressed files depend on the version of zlib in their bytes, not in what they expand to. Throws
    /// `ExampleTreeError` when the place cannot be written.
    @discardableResult
    public func write(to directory: String) throws -> ExampleExpectation {
        let disk = try ExampleDisk(creating: directory)
        var expectation = ExampleExpectation()
        // A sequence of its own for each part, so that a change in one leaves the others as they are.
        func random(_ part: UInt64) -> SplitMix64 { SplitMix64(seed: seed &+ part &* 0x1000_0000_01b3) }
        var queues = ExampleQueues(disk: disk, random: random(1), count: tasks)
        try queues.write(&expectation)
        var agents = ExampleAgents(disk: disk, random: random(2))
        try agents.write(&expectation)
        var handoffs = ExampleHandoffs(disk: disk, random: random(3))
        try handoffs.write(&expectation)
        var catalog = ExampleCatalog(disk: disk, random: random(4))
        try catalog.write(&expectation)
        var logs = ExampleLogs(disk: disk, random: random(5))
        try logs.write(&expectation)
        try ExampleGovernance(disk: disk).write(&expectation)
        try ExampleOddities(disk: disk).write()
        expectation.files = disk.files
        expectation.bytes = disk.bytes
        expectation.directories = disk.directories
        return expectation
    }
}
