import Compression

/// Agents: the registry, the masters' states, worker specs in both dialects, the pool, and archived specs.
struct ExampleAgents {
    let disk: ExampleDisk
    var random: SplitMix64

    private static let masters = ["coordinator", "development", "security", "inventory", "cicd"]
    private static let workerTypes = [
        "implementation-worker", "feature-implementer", "scan-worker", "documentation-worker",
    ]

    mutating func write(_ expectation: inout ExampleExpectation) throws {
        try writeRegistry()
        try writeMasters()
        try writeStatus()
        try writePool(&expectation)
        try writeSpecs(&expectation)
        try writeSpecsWithHoles()
        try writeArchive(&expectation)
    }

    private func writeRegistry() throws {
        let master: (String) -> ExampleJSON = { name in
            [
                "id": "\(name)-master", "name": "\(name) master", "type": "master", "status": "active",
                "prompt_file": "agents/prompts/\(name)-master.md", "token_budget": 50_000,
                "capabilities": [.string(name), "planning"], "log_directory": "agents/logs/\(name)",
            ]
        }
        try disk.write(
            "agents/configs/agent-registry.json",
            [
                "version": "2.1", "last_updated": .string(ExampleClock.text(600, .zulu)),
                "masters": .object(Self.masters.map { .init(key: "\($0)-master", value: master($0)) }),
                "observers": [
                    "dashboard-agent": [
                        "id": "dashboard-agent", "name": "Dashboard", "type": "observer", "status": "active",
                        "prompt_file": "agents/prompts/dashboard-agent.md",
                    ]
                ],
                "worker_types": .array(Self.workerTypes.map { .string($0) }), "future_masters": [],
                "monitoring": ["interval_seconds": 300],
            ]
        )
        for (name, status) in [("documentation-worker", "completed"), ("scan-worker", "idle")] {
            try disk.write(
                "agents/workers/\(name)/status.json",
                ["worker_id": .string(name), "status": .string(status), "tokens_used": 1_250, "task_id": "task-003"]
            )
        }
        try disk.write(
            "agents/dashboard-agent/status.json",
            [
                "agent_id": "dashboard-agent", "status": "healthy",
                "last_check": .string(ExampleClock.text(700, .offset)),
            ]
        )
    }

    private mutating func writeMasters() throws {
        for (index, name) in Self.masters.enumerated() {
            try disk.write(
                "coordination/masters/\(name)/context/master-state.json",
                [
                    "master_id": .string(name), "master_name": "\(name.capitalizedASCII) Master",
                    "initialized_at": .string(ExampleClock.text(index * 60, .zulu)),
                    "status": index % 2 == 0 ? "active" : "idle",
                    "expertise": ["specializations": [.string(name), "reviews"]],
                    "active_workers": [
                        [
                            "worker_id": "dev-worker-\(random.hex(8))", "worker_type": "implementation-worker",
                            "spawned_at": .string(ExampleClock.text(90_000, .offsetWithoutColon)), "status": "active",
                        ]
                    ],
                ]
            )
        }
    }

    private func writeStatus() throws {
        let agent: (Int) -> ExampleJSON = { number in
            [
                "status": "active", "last_checkin": .string(ExampleClock.text(number * 1_000, .zulu)),
                "current_tasks": number == 2 ? ["task-006", "task-008"] : [], "completed_today": .integer(number + 3),
            ]
        }
        try disk.write(
            "coordination/status.json",
            [
                "version": "1.0", "updated_at": .string(ExampleClock.text(3_000, .zulu)),
                "agents": ["coordinator-agent": agent(0), "security-agent": agent(1), "development-agent": agent(2)],
                "system_health": ["total_active_tasks": 5, "pending_handoffs": 0],
            ]
        )
    }

    private mutating func writePool(_ expectation: inout ExampleExpectation) throws {
        // Ids come again with another task: they are numbers of desks, not of workers.
        let entries: [ExampleJSON] = (0..<40).map { number in
            [
                "worker_id": "worker-implementation-\(pad(number % 25, 3))", "worker_type": "implementation-worker",
                "spawned_by": "development-master",
                "spawned_at": .string(ExampleClock.text(80_000 + number, .offsetWithoutColon)),
                "status": "pending", "task_id": "task-\(pad(number + 1, 3))", "token_budget": 10_000,
                "tokens_used": .integer(random.oneIn(5) ? random.below(9_000) : 0), "timeout_at": nil,
                "last_heartbeat": nil, "session_id": nil,
            ]
        }
        let completed = entries.prefix(3).map { $0.with(["status": "completed", "task_id": "null"]) }
        expectation.poolEntries = entries.count + completed.count
        try disk.write(
            "coordination/worker-pool.json",
            [
                "active_workers": .array(entries), "completed_workers": .array(completed), "failed_workers": [],
                "stats": ["total_spawned_today": 168],
                "updated_at": .string(ExampleClock.text(90_000, .offsetWithoutColon)),
            ]
        )
    }
}

// MARK: - Worker specs

extension ExampleAgents {
    /// A spec with `token_budget` and `timeout_minutes`.
    private mutating func spec(id: String, at seconds: Int) -> ExampleJSON {
        let task = "task-\(pad(random.below(40) + 1, 3))"
        return [
            "worker_id": .string(id), "worker_type": .string(random.pick(Self.workerTypes)),
            "created_by": "development-master", "execution_manager": nil,
            "created_at": .string(ExampleClock.text(seconds, .offsetWithoutColon)),
            "task_id": .string(random.oneIn(12) ? "" : task),
            "status": .string(random.pick(["pending", "completed", "failed", "zombie", "running"])),
            "scope": [:], "context": ["parent_task": .string(task), "priority": "high", "deadline": nil],
            "resources": ["token_budget": 10_000, "timeout_minutes": 45, "max_retries": 1], "deliverables": [],
            "prompt_template": "coordination/prompts/workers/implementation-worker.md",
            "execution": [
                "started_at": .string(ExampleClock.text(seconds + 5, .zulu)), "completed_at": nil,
                "tokens_used": .integer(random.below(62_000)), "duration_minutes": random.oneIn(3) ? .raw("1.10") : 12,
            ],
            "results": ["status": nil, "summary": nil, "artifacts": []],
        ]
    }

    /// A spec with `token_allocation` and `time_limit_minutes`, and a copy of its task.
    private mutating func olderSpec(id: String, at seconds: Int) -> ExampleJSON {
        let task = "task-\(pad(random.below(40) + 1, 3))"
        return [
            "worker_id": .string(id), "worker_type": "implementation-worker",
            "prompt_template": "agents/prompts/workers/implementation-worker.md", "parent_master": "development",
            "task_id": .string(task), "task_data": ExampleTasks.queued(id: task, at: seconds, &random),
            "context": ["master_session": nil, "expertise_area": "", "skills_required": []],
            "resources": ["token_allocation": 50_000, "time_limit_minutes": 60], "status": "completed",
            "created_at": .string(ExampleClock.text(seconds, .offsetWithoutColon)), "created_by": "development",
            "execution": ["started_at": .string(ExampleClock.text(seconds + 9, .zulu))],
            "completed_at": .string(ExampleClock.text(seconds + 900, .offsetWithoutColon)),
        ]
    }

    private mutating func writeSpecs(_ expectation: inout ExampleExpectation) throws {
        let folders = ["active", "completed", "archive", "archive-20251116", "stuck"]
        for number in 0..<25 {
            // Each id comes twice, in two folders, for two tasks.
            let id = "worker-implementation-\(pad(number / 2, 3))"
            var document = spec(id: id, at: 100_000 + number)
            if number == 0 {
                // Looks like a key and is none: unsigned, of nobody.
                let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJleGFtcGxlLXdvcmtlciJ9.bm90LWEtc2lnbmF0dXJl"
                document = document.with(["identity": ["spiffe_id": "spiffe://example/\(id)", "token": .string(token)]])
            }
            if number == 1 { document = document.with(["created_at": "ISO timestamp"]) }
            try disk.write("coordination/worker-specs/\(folders[number % folders.count])/\(id).json", document)
        }
        for number in 0..<15 {
            let id = "dev-worker-\(random.hex(8))"
            let suffix = number == 3 ? "-launcher-bug" : ""
            let folder = number % 3 == 0 ? "archive" : "completed"
            try disk.write(
                "coordination/worker-specs/\(folder)/\(id)\(suffix).json",
                olderSpec(id: id, at: 50_000 + number)
            )
        }
        expectation.workerSpecs = 40
    }

    /// The template was not filled: nothing stands where a value belongs.
    private mutating func writeSpecsWithHoles() throws {
        for number in 0..<4 {
            let id = "dev-worker-\(random.hex(8))"
            let document = olderSpec(id: id, at: 60_000 + number).with([
                "context": ["master_session": nil, "skills_required": .raw(""), "expertise_area": ""],
                "resources": ["token_allocation": .raw(""), "time_limit_minutes": 60], "status": "pending",
            ])
            let text = document.text() + [UInt8(ascii: "\n")]
            try disk.write("coordination/worker-specs/active/\(id).json", .invalid, text)
        }
    }

    private mutating func writeArchive(_ expectation: inout ExampleExpectation) throws {
        var compressed: [UInt8] = []
        let gzip = GzipWriter { compressed.append(contentsOf: $0) }
        let tar = TarWriter { try gzip.write($0) }
        try tar.addDirectory(Array("failed-workers".utf8))
        for number in 0..<8 {
            let id = "dev-worker-\(random.hex(8))"
            let document = olderSpec(id: id, at: 70_000 + number).with(["status": "failed"])
            try tar.addFile(Array("failed-workers/\(id).json".utf8), document.text() + [UInt8(ascii: "\n")])
        }
        try tar.finish()
        try gzip.finish()
        expectation.archivedWorkerSpecs = 8
        expectation.members += 8
        try disk.write("coordination/archives/failed-workers-2025-11-11.tar.gz", .notJSON, compressed)
    }
}

extension String {
    /// The first letter in upper case.
    var capitalizedASCII: String { prefix(1).uppercased() + dropFirst() }
}
