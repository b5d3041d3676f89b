/// Counts task records and finds out which ids were given different content.
///
/// Ids that occur once by construction are only counted, so memory does not grow with the tree.
struct TaskTally {
    private var records = 0
    private var withoutID = 0
    private var uniqueIDs = 0
    private var contents: [String: [ExampleJSON: Int]] = [:]

    /// Counts a record whose id occurs nowhere else.
    mutating func addUnique() {
        records += 1
        uniqueIDs += 1
    }

    /// Counts a record whose id may occur again; nil for a record without one.
    mutating func add(_ id: String?, _ content: ExampleJSON) {
        records += 1
        guard let id else {
            withoutID += 1
            return
        }
        contents[id, default: [:]][content, default: 0] += 1
    }

    func report(to expectation: inout ExampleExpectation) {
        expectation.taskRecords = records
        expectation.tasksWithoutID = withoutID
        expectation.distinctTaskIDs = uniqueIDs + contents.count
        expectation.conflictingTaskIDs = contents.values.count { $0.count > 1 }
        expectation.identicalTaskRecords = contents.values.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1 - 1 } }
    }
}
