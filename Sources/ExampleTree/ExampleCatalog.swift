/// Assets: the catalog of 42, its indexes over other assets, repositories, users and prompts.
struct ExampleCatalog {
    let disk: ExampleDisk
    var random: SplitMix64

    mutating func write(_ expectation: inout ExampleExpectation) throws {
        try writeCatalog(&expectation)
        try writeIndexes()
        try writeRepositories(&expectation)
        try writeUsers(&expectation)
        for name in ["ai", "data", "decision"] {
            try disk.write("coordination/catalog/lineage/\(name)-lineage.jsonl", .empty, [])
        }
    }

    private func writeCatalog(_ expectation: inout ExampleExpectation) throws {
        let schemas: [ExampleJSON] = (0..<23).map { number in
            let name = number % 2 == 0 ? "record-\(number).schema" : "message-\(number)"
            return [
                "asset_id": .string(name), "category": "schema", "name": .string(name),
                "file_path": "coordination/schemas/\(name).json", "description": "JSON schema definition",
                "owner": "platform", "required_by": number % 5 == 0 ? ["prompt-1", "no-such-asset"] : [],
                "last_modified": "2025-11-28", "validation_required": true,
            ]
        }
        let prompts: [ExampleJSON] = (0..<13).map { number in
            [
                "asset_id": "prompt-\(number)", "category": "prompt",
                "subcategory": number % 2 == 0 ? "masters" : "workers", "name": "prompt \(number)",
                "file_path": "coordination/prompts/prompt-\(number).md", "description": "Prompt of a role",
                "owner": number == 0 ? "coordinator-master" : "platform", "versioned": true, "ab_test_eligible": true,
                "last_modified": "2025-11-27",
            ]
        }
        let others: [ExampleJSON] = [
            ("scripts-root", "scripts"), ("scripts-lib", "scripts"), ("scripts-daemons", "scripts"),
            ("configuration", "configuration"), ("libraries", "library"), ("documentation", "documentation"),
        ].map { id, category in
            [
                "asset_id": .string(id), "category": .string(category), "name": .string(id), "count": 17,
                "description": "All of the \(category)", "owner": "platform",
            ]
        }
        let assets = schemas + prompts + others
        expectation.catalogAssets = assets.count
        try disk.write(
            "coordination/catalog/asset-catalog.json",
            [
                "generated_at": .string(ExampleClock.text(2_300_000, .offsetWithoutColon)), "cortex_version": "1.0",
                "summary": ["total_assets": .integer(assets.count), "by_category": ["schema": 23, "prompt": 13]],
                "assets": .array(assets),
            ]
        )
    }

    /// Indexes name assets that the catalog does not have.
    private func writeIndexes() throws {
        let ids: [ExampleJSON] = (0..<20).map { "workers.specs.worker_spec_\($0)_json" }
        let time: ExampleJSON = .string(ExampleClock.text(900_000, .milliseconds))
        let index: (String, KeyValuePairs<String, ExampleJSON>) throws -> Void = { [disk] name, groups in
            let head: ExampleJSON = [
                "index_name": "assets_by_\(name)", "description": "Assets by \(name)", "last_updated": time,
            ]
            try disk.write("coordination/catalog/indexes/by-\(name).json", head.with(groups))
        }
        try index("type", ["data": .array(Array(ids.prefix(15))), "ai": .array(Array(ids.suffix(5))), "model": []])
        try index(
            "owner",
            ["owners": ["system": .array(Array(ids.prefix(8))), "platform": .array(Array(ids.suffix(12)))]]
        )
        try index("sensitivity", ["public": [], "internal": .array(ids), "pii": []])
        try index("namespace", ["namespaces": ["workers": .array(ids)]])
    }

    private mutating func writeRepositories(_ expectation: inout ExampleExpectation) throws {
        let repositories: [ExampleJSON] = (0..<20).map { number in
            let name = "example-org/service-\(number)"
            return [
                "created_at": .string(ExampleClock.text(number, .zulu)), "default_branch": "main",
                "description": "Service number \(number)", "forks": 0, "health_status": "pending_catalog",
                "is_archived": .boolean(number == 7), "language": .string(random.pick(["Swift", "Python", "none"])),
                "last_cataloged": .string(ExampleClock.text(100_000, .zulu)),
                "last_commit": .string(ExampleClock.text(90_000, .zulu)), "name": .string(name),
                "open_issues": .integer(random.below(9)), "stars": 0, "status": "active",
                "url": "https://example.com/\(name)", "visibility": number % 5 == 0 ? "private" : "public",
            ]
        }
        expectation.repositories = repositories.count
        try disk.write(
            "coordination/repository-inventory.json",
            [
                "version": "1.0", "last_scan": .string(ExampleClock.text(100_000, .zulu)), "scan_frequency": "daily",
                "total_repositories": .integer(repositories.count), "repositories": .array(repositories),
            ]
        )
    }

    private func writeUsers(_ expectation: inout ExampleExpectation) throws {
        let users: [ExampleJSON] = [("anna", "admin"), ("ben", "viewer"), ("chris", "user")].enumerated().map {
            index,
            user in
            let time: ExampleJSON = .string(ExampleClock.text(500 + index, .milliseconds))
            return [
                "id": "user-176331415054\(index)-example", "username": .string(user.0),
                "email": "\(user.0)@example.com", "role": .string(user.1), "name": .string(user.0.capitalizedASCII),
                "created_at": time, "updated_at": time, "status": "active",
            ]
        }
        expectation.users = users.count
        try disk.write(
            "coordination/users.json",
            ["users": .array(users), "updated_at": .string(ExampleClock.text(600, .milliseconds))]
        )
    }
}
