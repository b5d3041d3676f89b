/// Policies, roles and what was found to break them.
struct ExampleGovernance {
    let disk: ExampleDisk

    func write(_ expectation: inout ExampleExpectation) throws {
        for number in 0..<3 {
            try disk.write(
                "coordination/policies/policy-definitions/policy-\(number).json",
                [
                    "policy_id": "baseline-\(number)", "name": "Baseline \(number)",
                    "description": "What every worker does",
                    "version": "1.0.0", "severity": number == 0 ? "critical" : "high", "enabled": .boolean(number < 2),
                    "frameworks": ["nist-csf", "soc2"], "rules": [rule("B-\(number)")],
                ]
            )
        }
        let listed: [ExampleJSON] = (1...4).map { number in
            [
                "policy_id": "pol-\(pad(number, 3))", "name": "Limit \(number)", "description": "A limit on resources",
                "category": "resource", "enabled": true, "severity": "medium", "rules": [rule("L-\(number)")],
            ]
        }
        try disk.write(
            "coordination/governance/policies/policy-definitions.json",
            ["version": "1.0.0", "description": "Limits", "policies": .array(listed)]
        )
        try disk.write(
            "coordination/governance/policies/completion-validation.json",
            [
                "policy_id": "completion-validation", "version": "1.0.0", "description": "Tests first",
                "rules": [rule("C-1")],
            ]
        )
        expectation.policies = 3 + 4 + 1
        try disk.writeLines(
            "coordination/governance/pii-detections.jsonl",
            (0..<3).map { number in
                [
                    "id": "pii-\(number)", "timestamp": .string(ExampleClock.text(number, .milliseconds)),
                    "pii_type": "email_address", "severity": "high", "count": 1, "context": ["source": "cli"],
                ]
            }
        )
        try disk.write("coordination/governance/overrides.jsonl", .empty, [])
        try disk.write(
            "coordination/config/token-budgets.json",
            [
                "version": "1.0.0",
                "defaults": ["task": ["tokens": 10_000, "cost": nil], "daily": ["cost": .raw("10.0")]],
            ]
        )
    }

    private func rule(_ id: String) -> ExampleJSON {
        [
            "rule_id": .string(id), "description": "The id has the form of an id", "field": "worker_id",
            "condition": ["type": "regex", "value": "^worker-[a-z]+-[0-9A-Za-z]+$"], "message": "The id is odd",
        ]
    }
}
