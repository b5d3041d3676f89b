/// Hand-overs between masters, in four spellings of from and to; some files cannot be parsed.
struct ExampleHandoffs {
    let disk: ExampleDisk
    var random: SplitMix64

    mutating func write(_ expectation: inout ExampleExpectation) throws {
        try writeFolder()
        try writeOtherSpellings()
        try writeBroken()
        try writeList()
        expectation.handoffs = 12 + 5 + 2
    }

    private mutating func handoff(_ number: Int, task: String) -> ExampleJSON {
        [
            "handoff_id": "coord-to-development-\(random.hex(8))-\(number)", "from_master": "coordinator",
            "to_master": "development", "task_id": .string(task),
            "task_data": ExampleTasks.queued(id: task, at: 9_000 + number, &random),
            "context": ["routing_reason": "The words of the title match", "confidence": .raw("0.30")],
            "priority": number % 4 == 0 ? "normal" : "high",
            "created_at": .string(ExampleClock.text(9_000 + number, number % 3 == 0 ? .offsetWithoutColon : .zulu)),
            "status": "pending_pickup",
        ]
    }

    private mutating func writeFolder() throws {
        for number in 0..<12 {
            // Some tasks are handed over twice.
            let task = "task-\(pad(number % 9 + 1, 3))"
            let suffix = number % 6 == 5 ? "" : ".processed"
            let path = "coordination/masters/coordinator/handoffs/to-development-\(task)-\(number).json\(suffix)"
            try disk.write(path, handoff(number, task: task))
        }
    }

    private mutating func writeOtherSpellings() throws {
        let folder = "coordination/masters/development/handoffs"
        // A variable that began with a newline made a directory of that name.
        let oddFolder = "coordination/masters/\ndevelopment/handoffs"
        let time: ExampleJSON = .string(ExampleClock.text(12_000, .zulu))
        try disk.write(
            "\(folder)/dev-to-coordinator-task-014.json.processed",
            [
                "handoff_id": "dev-to-coordinator-task-014", "from": "development", "to": "coordinator",
                "task_id": "task-014", "status": "completed", "timestamp": time,
                "summary": ["title": "Charts are fresh again", "completion_status": "SUCCESS"],
            ]
        )
        try disk.write(
            "coordination/workflows/active/storage-handoff.json",
            [
                "handoff_id": "infra-to-flows-01", "from_contractor": "infrastructure-contractor",
                "to_contractor": "n8n-contractor", "task_id": "no-such-task", "status": "ready_for_pickup",
                "created_at": time, "context": ["handoff_reason": "Storage is ready"],
            ]
        )
        try disk.write(
            "\(folder)/task-learning-1.json",
            [
                "id": "task-learning-1", "from_agent": "development-agent", "to_agent": "security-agent",
                "created_at": time,
            ]
        )
        for number in 0..<2 {
            try disk.write(
                "\(oddFolder)/to-security-\(number).json",
                handoff(100 + number, task: "task-0\(20 + number)")
            )
        }
    }

    private mutating func writeBroken() throws {
        let folder = "coordination/masters/coordinator/handoffs"
        let bare = handoff(200, task: "task-006").with(["priority": .raw("high")])
        try disk.write("\(folder)/to-development-task-006.json.processed", .invalid, bare.text() + [UInt8(ascii: "\n")])
        // An id that stands twice in the queue gave two objects where one value belongs.
        let first = ExampleTasks.queued(id: "task-012", at: 51, &random).text(indent: 1)
        let second = ExampleTasks.queued(id: "task-012", at: 52, &random).text(indent: 1)
        let pasted = ExampleJSON.raw(String(decoding: first + [UInt8(ascii: "\n")] + second, as: UTF8.self))
        let document = handoff(201, task: "task-012").with(["task_data": pasted])
        try disk.write(
            "\(folder)/to-development-task-012.json.processed",
            .invalid,
            document.text() + [UInt8(ascii: "\n")]
        )
    }

    private func writeList() throws {
        let entry: (String, String, String) -> ExampleJSON = { id, status, task in
            [
                "id": .string(id), "from_agent": "security-agent", "to_agent": "coordinator-agent",
                "task_id": .string(task), "status": .string(status),
                "created_at": .string(ExampleClock.text(2_000, .zulu)),
                "context": ["summary": "Scans are done", "handoff_reason": "Report the results"],
                "accepted_at": nil, "accepted_by": nil,
            ]
        }
        try disk.write(
            "coordination/handoffs.json",
            [
                "version": "1.0", "updated_at": .string(ExampleClock.text(4_800, .zulu)),
                "pending_handoffs": [entry("handoff-004", "pending", "verification-scans")],
                "completed_handoffs": [entry("handoff-001", "accepted", "scan-results-all")],
            ]
        )
    }
}
