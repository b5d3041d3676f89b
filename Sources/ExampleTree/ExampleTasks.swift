/// Makes up tasks in the dialects of coordination trees.
enum ExampleTasks {
    private static let statuses: [(String, Int)] = [
        ("completed", 30), ("assigned", 22), ("worker_spawned", 15), ("pending", 13), ("cancelled", 10), ("failed", 7),
        ("queued", 2), ("in_progress", 1),
    ]
    private static let types = [
        "development", "development", "development", "security", "feature", "catalog", "bug-fix", "inventory",
        "security-scan", "security_scan", "testing", "development:feature",
    ]
    private static let priorities = ["medium", "medium", "high", "high", "critical", "low"]
    private static let assignees = [
        "development", "development", "development", "security", "inventory", "development-master", "security-agent",
    ]
    private static let creators = ["create-task-cli", "create-task-cli", "coordinator-agent", "ddqd-v5-test", "user"]
    private static let verbs = ["Add", "Repair", "Review", "Measure", "Document", "Simplify", "Test", "Scan"]
    private static let things = [
        "the log viewer", "worker heartbeats", "the token meter", "handoff files", "the repository index",
        "retry limits", "dashboard charts", "the release notes", "dependency versions", "lineage records",
    ]
    private static let places = [
        "for small screens", "after restarts", "in the nightly run", "per repository", "🎉 at last",
    ]

    /// A task as it stands in a queue file, `seconds` after the start of the example's time.
    static func queued(id: String, at seconds: Int, _ random: inout SplitMix64) -> ExampleJSON {
        let title = "\(random.pick(verbs)) \(random.pick(things)) \(random.pick(places))"
        let status = weighted(statuses, &random)
        let spelling = ExampleClock.spelling(&random)
        var task: ExampleJSON = [
            "id": .string(id), "title": .string(title), "type": .string(random.pick(types)),
            "description": .string(title + ", as asked for by the weekly review."),
            "priority": .string(random.pick(priorities)), "status": .string(status),
            "assigned_to": random.oneIn(18) ? nil : .string(random.pick(assignees)),
            "created_at": .string(ExampleClock.text(seconds, spelling)), "created_by": .string(random.pick(creators)),
            "context": context(&random),
        ]
        if status != "pending", status != "queued" {
            task = routed(task, at: seconds, &random)
        }
        if status == "completed" {
            // Mostly without a start: that is the normal case in real trees.
            if random.oneIn(10) { task = task.with(["started_at": .string(ExampleClock.text(seconds + 30, spelling))]) }
            task = task.with([
                "completed_by": "worker-implementation-\(pad(random.below(60), 3))",
                "completed_at": .string(ExampleClock.text(seconds + 60 + random.below(90_000), spelling)),
            ])
        }
        if status == "failed" {
            task = task.with(["error": "The worker stopped answering", "retry_count": .integer(random.below(4))])
        }
        if status == "cancelled" { task = task.with(["cancelled_reason": "Superseded by a later task"]) }
        return task
    }

    private static func routed(_ task: ExampleJSON, at seconds: Int, _ random: inout SplitMix64) -> ExampleJSON {
        // The same number is text in most files and a number in some.
        let confidence: ExampleJSON =
            random.oneIn(14) ? .raw("0.95") : .string(random.pick(["0.95", "0.95", "N/A", "0.03"]))
        return task.with([
            "assigned_by": "coordinator",
            "assigned_at": .string(ExampleClock.text(seconds + 9, .offsetWithoutColon)),
            "routing_confidence": confidence,
            "routing_strategy": .string(random.pick(["single_expert", "pattern-based"])),
            "updated_at": .string(ExampleClock.text(seconds + 10, .offset)),
            "worker_id": "dev-worker-\(random.hex(8))", "worker_type": "implementation-worker",
        ])
    }

    private static func context(_ random: inout SplitMix64) -> ExampleJSON {
        if random.oneIn(3) { return [:] }
        return [
            "repository": "example-org/service-\(random.below(12))", "branch": "main",
            "requirements": .array((0..<random.below(4)).map { "Requirement \($0 + 1) is met and tested" }),
        ]
    }

    /// A task in a file of its own, with `task_id` and without a title.
    static func single(id: String, at seconds: Int, _ random: inout SplitMix64) -> ExampleJSON {
        [
            "task_id": .string(id), "description": "\(random.pick(verbs)) \(random.pick(things))",
            "phase": "phase1-observability", "priority": .string(random.pick(priorities)),
            "created_at": .string(ExampleClock.text(seconds, .offset)), "status": "pending",
            "dependencies": [], "assigned_workers": [], "quality_score": nil,
        ]
    }

    /// A question of a user, with a number as its priority.
    static func chat(id: String, at seconds: Int, _ random: inout SplitMix64) -> ExampleJSON {
        [
            "id": .string(id), "type": "user_query", "priority": .integer(random.pick([1, 3, 3, 5])),
            "status": "completed",
            "payload": [
                "query": "How do I \(random.pick(verbs).lowercased()) \(random.pick(things))?",
                "title": "\(random.pick(verbs)) \(random.pick(things))", "category": "infrastructure",
            ],
            "metadata": [
                "completed_at": .string(ExampleClock.text(seconds, .milliseconds)),
                "processing_time_ms": .integer(1_000 + random.below(120_000)),
            ],
            "result": ["answer": "Open the settings, choose the entry, and save.\n\nThen look at the log."],
        ]
    }

    private static func weighted(_ words: [(String, Int)], _ random: inout SplitMix64) -> String {
        var rest = random.below(words.reduce(0) { $0 + $1.1 })
        for (word, weight) in words {
            if rest < weight { return word }
            rest -= weight
        }
        preconditionFailure("the weights do not add up")
    }
}

/// The number with zeros before it.
func pad(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
}
