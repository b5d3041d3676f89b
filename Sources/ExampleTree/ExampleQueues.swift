/// The task files: the live queue, its backups, the archive, and tasks in files of their own.
struct ExampleQueues {
    private static let tasksPerFile = 100_000
    /// How many tasks of the live queue occur in backups too.
    private static let backedUp = 12

    let disk: ExampleDisk
    var random: SplitMix64
    let count: Int
    private var tally = TaskTally()
    private var firstTasks: [(id: String, task: ExampleJSON)] = []

    init(disk: ExampleDisk, random: SplitMix64, count: Int) {
        self.disk = disk
        self.random = random
        self.count = count
    }

    mutating func write(_ expectation: inout ExampleExpectation) throws {
        let live = min(max(1, count / 2), Self.tasksPerFile)
        try writeLiveQueue(live)
        try writeArchive(from: live)
        try writeRecentBackups()
        try writeOldBackup()
        try writeNestedBackup()
        try writeSingleTasks()
        try writeChatTasks()
        tally.report(to: &expectation)
    }

    // MARK: - The tasks that `count` counts

    /// The n-th task; its id follows from its number alone.
    private mutating func task(_ number: Int) -> (id: String, task: ExampleJSON) {
        let seconds = number * 37
        let id: String
        switch number % 4 {
        case 0: id = "task-\(ExampleClock.start + seconds)"
        case 1: id = "moe-test-ddqd-v5-\(ExampleClock.start + seconds)-\(pad(number, 8))"
        case 2: id = "eui-phase\(number % 7 + 1)-\(pad(number, 3))"
        default: id = "task-\(pad(number + 100, 3))-\(number % 10)"
        }
        return (id, ExampleTasks.queued(id: id, at: seconds, &random))
    }

    private mutating func writeLiveQueue(_ live: Int) throws {
        let stats: ExampleJSON = [
            // Says something else than what is there, as in real trees.
            "total_tasks": .integer(live + 3), "completed_tasks": .integer(live / 3), "note": "Counted by hand",
        ]
        try disk.write("coordination/task-queue.json", .value) { sink in
            try sink(Array("{\n  \"tasks\": [".utf8))
            for number in 0..<live {
                let (id, task) = oddity(number, task(number))
                if number < Self.backedUp {
                    tally.add(id, task)
                    firstTasks.append((id, task))
                } else {
                    tally.addUnique()
                }
                try sink(Array((number == 0 ? "\n    " : ",\n    ").utf8) + task.text(indent: 2))
            }
            let updated = ExampleClock.text(live * 37, .offsetWithoutColon)
            try sink(Array("\n  ],\n  \"stats\": ".utf8) + stats.text(indent: 1))
            try sink(Array(",\n  \"updated_at\": \"\(updated)\"\n}\n".utf8))
        }
    }

    /// Some tasks of the live queue are odd in ways that every size of tree should have.
    private func oddity(_ number: Int, _ original: (id: String, task: ExampleJSON)) -> (id: String, task: ExampleJSON) {
        let (id, task) = original
        let long = "Rewrite the overview so that every number on it names its source. "
        return switch number {
        case 1: (id, task.with(["assigned_to": "\ndevelopment"]))
        case 2: (id, task.with(["priority": "CRITICAL"]))
        case 3: (id, task.with(["title": .string(String(repeating: long, count: 9)), "created_by": "create-task-cli"]))
        case 4:
            (id, task.with(["title": .string(String(repeating: long, count: 80)), "created_by": "create-task-cli"]))
        case 5: (id, task.with(["created_at": .string(ExampleClock.text(185, .zoneless))]))
        case 6: (id, task.with(["deadline": "ASAP - blocks the release"]))
        case 7:
            (id, task.with(["deadline": .string(ExampleClock.text(900_000, .zeroOffset)), "tags": ["ui", "urgent"]]))
        case 8: (id, task.with(["dependencies": [.string("moe-test-ddqd-v5-1761935737-00000001"), "no-such-task"]]))
        default: original
        }
    }

    private mutating func writeArchive(from first: Int) throws {
        var number = first
        var file = 0
        while number < count {
            let size = min(Self.tasksPerFile, count - number)
            // The size of a share is known beforehand, so the count can stand before the tasks.
            let month = file % 11 + 1
            let name =
                "completed-tasks-2025\(pad(month, 2))\(pad(file / 11 % 28 + 1, 2))\(file < 308 ? "" : "-\(file)")"
            let path = "coordination/archive/tasks/2025-\(pad(month, 2))/\(name).json"
            try disk.write(path, .value) { sink in
                let head: [UInt8] = Array(
                    "{\n  \"archive_type\": \"completed_tasks\",\n  \"task_count\": \(size),\n  \"tasks\": [".utf8
                )
                try sink(head)
                for index in 0..<size {
                    let task = task(number + index).task
                    tally.addUnique()
                    try sink(Array((index == 0 ? "\n    " : ",\n    ").utf8) + task.text(indent: 2))
                }
                try sink(Array("\n  ]\n}\n".utf8))
            }
            number += size
            file += 1
        }
    }

    // MARK: - The same ids again

    /// A queue file of a few tasks, each counted.
    private mutating func writeQueue(_ path: String, _ tasks: [(id: String, task: ExampleJSON)]) throws {
        for (id, task) in tasks { tally.add(id, task) }
        let document: ExampleJSON = [
            "tasks": .array(tasks.map(\.task)),
            "updated_at": .string(ExampleClock.text(2_100_000, .offsetWithoutColon)),
        ]
        try disk.write(path, document)
    }

    private mutating func writeRecentBackups() throws {
        // Every third task was in another state when the backup was made; the others are repeated exactly.
        let changed = firstTasks.enumerated().map { index, entry in
            index % 3 == 0
                ? (
                    id: entry.id,
                    task: entry.task.with([
                        "status": "queued", "updated_at": .string(ExampleClock.text(index, .offset)), "retry_count": 8,
                    ])
                ) : entry
        }
        try writeQueue("coordination/task-queue.backup-20251204-154812.json", changed)
        try writeQueue("coordination/task-queue.backup-20251205-082322.json", Array(firstTasks.prefix(4)))
        try writeQueue("coordination/task-queue.json.backup", Array(firstTasks.prefix(2)))
        // The archive holds what the backup holds, byte for byte.
        try writeQueue("coordination/archive/tasks/2025-12/completed-tasks-20251205.json", Array(firstTasks.prefix(4)))
    }

    private mutating func writeOldBackup() throws {
        var tasks: [(id: String, task: ExampleJSON)] = []
        for number in 1...16 {
            let id = "task-\(pad(number, 3))"
            tasks.append(
                (id, ExampleTasks.queued(id: id, at: number, &random).with(["repository": "example-org/site"]))
            )
        }
        // One id four times in one file, each time another task, and one that is repeated as it is.
        for number in 0..<3 {
            tasks.append(("task-012", ExampleTasks.queued(id: "task-012", at: 50 + number, &random)))
        }
        tasks.append(tasks[6])
        try writeQueue("coordination/task-queue-backup-20251107-141724.json", tasks)
    }

    private mutating func writeNestedBackup() throws {
        var inner: [ExampleJSON] = []
        for number in 0..<10 {
            let id = number < 4 ? "task-\(pad(number + 1, 3))" : "moe-test-nested-\(number)"
            let task = ExampleTasks.queued(id: id, at: 3_000 + number, &random)
            tally.add(id, task)
            inner.append(task)
        }
        let queue: ExampleJSON = [
            "tasks": .array(inner), "metadata": ["total_tasks": .integer(inner.count - 1)],
            "updated_at": .string(ExampleClock.text(1_200_000, .offsetWithoutColon)),
        ]
        // The root is a task itself, whose tasks are one queue: a script appended to the wrong variable.
        let root = ExampleTasks.queued(id: "task-1763000000", at: 4_000, &random).with(["tasks": [queue]])
        tally.add("task-1763000000", root)
        try disk.write("coordination/task-queue-backup-20251115-084619.json", root)
    }

    // MARK: - Files of one task

    private mutating func writeSingleTasks() throws {
        try writeTask("task-queue-test", "autonomous-test-1763566194") { $0.with(["created_by": "autonomous-test"]) }
        let names = ["metrics-collector", "dashboard-component", "trace-viewer", "prompt-builder", "health-schema"]
        for (index, name) in names.enumerated() {
            let dependencies = index == 0 ? [] : ["task-\(names[index - 1])", "timeout-\(pad(index, 3))"]
            try writeSingle("task-\(name)") {
                $0.with(["dependencies": .array(dependencies.map { .string($0) })])
            }
        }
        // Two that wait for each other.
        try writeSingle("task-first-of-cycle") { $0.with(["dependencies": ["task-second-of-cycle"]]) }
        try writeSingle("task-second-of-cycle") { $0.with(["dependencies": ["task-first-of-cycle"]]) }
        try writeSingle("execute-phase1-autonomous") {
            $0.with(["created_at": "$(date -Iseconds)", "execution_mode": "autonomous"])
        }
        let plan: ExampleJSON = ["tracks": [["name": "timeouts", "tasks": ["task-012"]]], "status": "pending"]
        tally.add(nil, plan)
        try disk.write("coordination/tasks/self-optimization-tracks.json", plan)
        // JavaScript that was saved as JSON.
        let script = "{\n  \"task_id\": \"task-improvements-\" + Date.now(),\n  \"status\": \"pending\"\n}\n"
        try disk.write("coordination/tasks/improvements-2025-11-09.json", .invalid, Array(script.utf8))
    }

    private mutating func writeTask(_ name: String, _ id: String, _ change: (ExampleJSON) -> ExampleJSON) throws {
        let task = change(ExampleTasks.queued(id: id, at: 5_000, &random))
        tally.add(id, task)
        try disk.write("coordination/\(name).json", task)
    }

    private mutating func writeSingle(_ id: String, _ change: (ExampleJSON) -> ExampleJSON = { $0 }) throws {
        let task = change(ExampleTasks.single(id: id, at: 2_500_000, &random))
        tally.add(id, task)
        try disk.write("coordination/tasks/\(id).json", task)
    }

    private mutating func writeChatTasks() throws {
        for number in 0..<6 {
            let id = "task-chat-\(1_766_780_166_681 + number)-\(random.hex(9).lowercased())"
            let task = ExampleTasks.chat(id: id, at: 4_800_000 + number, &random)
            tally.add(id, task)
            try disk.write("coordination/tasks/chat-tasks-20251226/\(id).json", task)
        }
    }
}
