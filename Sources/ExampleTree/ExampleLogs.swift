import Compression

/// Histories: events, health reports, routing decisions, snapshots, in lines, in pretty-printed streams, compressed.
struct ExampleLogs {
    let disk: ExampleDisk
    var random: SplitMix64

    mutating func write(_ expectation: inout ExampleExpectation) throws {
        try writeEventBuffer()
        try writeEvents()
        try writeSnapshots(&expectation)
        try writeLines()
        try writeRoutingDecisions()
        try writeGluedLines()
        try writeCompressed(&expectation)
    }

    private mutating func writeEventBuffer() throws {
        var events: [ExampleJSON] = (0..<30).map { number in
            let type = random.pick(["worker_started", "unknown", "task_created", "task_completed", "task_assigned"])
            return [
                "id": "evt-\(number)", "type": .string(type),
                "timestamp": .string(ExampleClock.text(number * 600, number % 2 == 0 ? .zulu : .offsetWithoutColon)),
                "data": ["task_id": "task-\(pad(number % 16 + 1, 3))", "priority": "high"],
                "message": "\(type) happened",
            ]
        }
        // The same event twice is legitimate: it happened twice or was reported twice.
        events.append(events[3])
        try disk.write("coordination/event-buffer.json", ["events": .array(events)])
    }

    private mutating func writeEvents() throws {
        for number in 0..<8 {
            let id = "evt_20251201_\(124_000 + number)_\(random.hex(12).lowercased())"
            var event: ExampleJSON = [
                "event_id": .string(id),
                "event_type": .string(random.pick(["worker.completed", "task.failed", "system.health_alert"])),
                "timestamp": .string(ExampleClock.text(2_600_000 + number, .zeroOffset)), "source": "heartbeat-handler",
                "correlation_id": "system",
            ]
            if number % 4 != 0 { event = event.with(["metadata": ["priority": "high"]]) }
            event = event.with(["payload": ["worker_id": "dev-worker-\(random.hex(8))", "workers": [nil, "worker-1"]]])
            let folder = number < 3 ? "queue" : "archive/2025-12-01"
            try disk.write("coordination/events/\(folder)/\(id).json", event)
        }
    }

    private mutating func writeSnapshots(_ expectation: inout ExampleExpectation) throws {
        let snapshots: [ExampleJSON] = (0..<48).map { number in
            let used = 13_500 + number * 211
            return [
                "timestamp": .string(ExampleClock.text(700_000 + number * 300, .offsetWithoutColon)),
                "workers": ["active": .integer(random.below(20)), "completed": .integer(number), "success_rate": 100],
                "tokens": [
                    "total_budget": 305_000, "total_used": .integer(used), "available": .integer(305_000 - used),
                    // An integer in some snapshots, a fraction that a double would respell in others.
                    "usage_percentage": number % 3 == 0 ? 21 : .raw("21.\(number % 10)0"),
                    "efficiency_score": .raw("4.96726085201511e-05"),
                ],
                "tasks": ["pending": 0, "in_progress": 0, "completed": 2, "total": 59],
            ]
        }
        expectation.metricsSnapshots = snapshots.count
        try disk.writeLines("coordination/metrics-snapshots.jsonl", snapshots)
    }

    private func writeLines() throws {
        try disk.writeLines(
            "coordination/health-reports.jsonl",
            (0..<40).map { number in
                [
                    "component": "health_monitor", "status": number % 9 == 0 ? "degraded" : "healthy",
                    "details": "All checks were made",
                    "timestamp": .string(ExampleClock.text(number * 180, .milliseconds)),
                ]
            }
        )
        try disk.writeLines(
            "coordination/git-operations.jsonl",
            (0..<10).map { number in
                [
                    "timestamp": .string(ExampleClock.text(number * 900, .zulu)),
                    "worker_id": "autonomous-demo-\(number)",
                    "operation": "auto_commit_push", "status": "success", "details": "Commit: \(pad(number * 91, 7))",
                ]
            }
        )
        try disk.writeLines(
            "coordination/routing/performance.jsonl",
            (0..<10).map { number in
                [
                    "task_id": "task-\(pad(number + 1, 3))", "duration_ms": .raw("\(number).50"),
                    "timestamp": .string(ExampleClock.text(number, .microseconds)),
                ]
            }
        )
    }

    /// Values over several lines: a reader of lines finds none of them.
    private func writeRoutingDecisions() throws {
        try disk.write("coordination/masters/coordinator/logs/routing-decisions.jsonl", .values) { sink in
            for number in 0..<20 {
                let decision: ExampleJSON = [
                    "task_id": "task-\(pad(number % 16 + 1, 3))",
                    "timestamp": .string(ExampleClock.text(number * 60, .zulu)),
                    "routing_strategy": "mixture_of_experts",
                    "decision": [
                        "primary_expert": "security", "primary_confidence": .raw("0.1\(number % 10)"),
                        "parallel_experts": [], "scores": ["development": .raw("0.30"), "security": .raw("1.10")],
                    ],
                ]
                // Every fifth in one line, as after the script was changed and changed back.
                try sink(decision.text(number % 5 == 4 ? .compact : .pretty) + [UInt8(ascii: "\n")])
            }
        }
    }

    private func writeGluedLines() throws {
        let report: ExampleJSON = [
            "timestamp": .string(ExampleClock.text(0, .offset)), "worker_id": "worker-1", "healthy": true,
        ]
        let glued =
            Array("{}".utf8) + report.text(.compact) + Array("\n".utf8) + report.text(.compact) + Array("\n".utf8)
        try disk.write("coordination/worker-health-metrics.jsonl", .values, glued)
        let trace: ExampleJSON = ["correlation_id": "corr-1", "event_type": "worker_event", "event_data": [:]]
        let line = trace.text(.compact)
        let blanks = Array("\n\n\n".utf8) + line + Array("\n\n".utf8) + line + Array("\n".utf8)
        try disk.write("coordination/traces/daily/2025-11-27.jsonl", .values, blanks)
        let numbers = (0..<73).map { "\($0 % 7)" }.joined(separator: "\n")
        try disk.write("coordination/observability/metrics/raw/metrics-2025-11-27.jsonl", .values, Array(numbers.utf8))
        try disk.writeLines(
            "coordination/governance/audit-trail.jsonl",
            [
                [
                    "id": "audit-1", "timestamp": .string(ExampleClock.text(60, .zulu)), "action": "task_creation",
                    "actor": "coordinator-master", "resource": "task-003", "outcome": "success", "severity": "medium",
                    "compliance_tags": ["governance"],
                ]
            ]
        )
    }

    private mutating func writeCompressed(_ expectation: inout ExampleExpectation) throws {
        for (name, count) in [("heartbeat-events", 300), ("zombie-cleanup-events", 12)] {
            var lines: [UInt8] = []
            for number in 0..<count {
                let event: ExampleJSON = [
                    "event_id": "\(name)-\(number)",
                    "event_type": .string(random.pick(["worker_presumed_dead", "heartbeat_critical"])),
                    "worker_id": "worker-scan-\(pad(random.below(30), 3))",
                    "timestamp": .string(ExampleClock.text(1_600_000 + number, .offset)),
                ]
                lines += event.text(.compact) + [UInt8(ascii: "\n")]
            }
            let path = "coordination/events/archive/2025-11-18/\(name).jsonl.gz"
            try disk.write(path, .notJSON, try GzipWriter.compress(lines))
            expectation.members += 1
        }
    }
}
