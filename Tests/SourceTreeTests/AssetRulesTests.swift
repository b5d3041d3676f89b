import Diagnostics
import Domain
import LosslessJSON
import Testing

@testable import SourceTree

@Suite("Rules of assets")
struct AssetRulesTests {
    /// A path and what the shipped rules say about it; ids are those that existing catalogs have for such files.
    struct Known: CustomTestStringConvertible {
        let path: String
        let id: String
        var type = "data"
        var category: String?
        var subcategory: String?
        var namespace: String?
        var owner = "system"
        var sensitivity = Sensitivity.internal
        var testDescription: String { path }
    }

    private static let known = [
        Known(
            path: "coordination/worker-specs/archive/dev-worker-2D6C668D.json",
            id: "workers.specs.worker_spec_dev_worker_2d6c668d_json",
            category: "worker-spec",
            subcategory: "archive",
            namespace: "workers.specs"
        ),
        Known(
            path: "coordination/masters/coordinator/knowledge-base/routing-rules.json",
            id: "masters.coordinator.coordinator_knowledge_base_routing_rules_json",
            category: "knowledge-base",
            subcategory: "coordinator",
            namespace: "masters.coordinator",
            owner: "coordinator-master"
        ),
        Known(
            path: "coordination/masters/cicd/knowledge-base/.gitkeep",
            id: "masters.cicd.cicd_knowledge_base_gitkeep",
            category: "knowledge-base",
            subcategory: "cicd",
            namespace: "masters.cicd",
            owner: "cicd-master"
        ),
        Known(
            path: "coordination/task-queue.json",
            id: "coordination.tasks.task_queue",
            category: "queue",
            namespace: "coordination.tasks"
        ),
        Known(
            path: "coordination/dashboard-events.jsonl",
            id: "coordination.history.dashboard_events",
            category: "event-log",
            namespace: "coordination.history"
        ),
        Known(
            path: "coordination/schemas/agent-message-spec.json",
            id: "agent-message-spec",
            type: "schema",
            category: "schema",
            namespace: "coordination.schemas",
            owner: "platform"
        ),
        Known(
            path: "coordination/schemas/task-queue.schema.json",
            id: "task-queue.schema",
            type: "schema",
            category: "schema",
            namespace: "coordination.schemas",
            owner: "platform"
        ),
        Known(
            path: "coordination/prompts/masters/coordinator.md",
            id: "prompt-master-coordinator",
            type: "prompt",
            category: "prompt",
            subcategory: "master",
            namespace: "coordination.prompts.masters",
            owner: "platform"
        ),
        Known(
            path: "coordination/security/scan.json",
            id: "coordination.security.scan_json",
            category: "data",
            namespace: "coordination.security",
            sensitivity: .confidential
        ),
        Known(
            path: "deploy/.env",
            id: "deploy.env",
            category: "credential",
            namespace: "deploy",
            sensitivity: .restricted
        ),
        Known(path: "README.md", id: "readme_md", type: "document", category: "documentation"),
    ]

    @Test("that ship give a path what existing catalogs say about such files", arguments: known)
    func shippedRules(_ known: Known) throws {
        let description = try AssetRules.shipped().description(of: Array(known.path.utf8))
        #expect(description.id == known.id)
        #expect(description.type == known.type)
        #expect(description.category == known.category)
        #expect(description.subcategory == known.subcategory)
        #expect(description.namespace == known.namespace)
        #expect(description.owner == known.owner)
        #expect(description.sensitivity == known.sensitivity)
    }

    @Test("give ids that fit for every path: bytes that are no text, very long names, nothing but signs")
    func hostilePaths() throws {
        let rules = try AssetRules.shipped()
        let long = Array(String(repeating: "é/", count: 900).utf8) + Array("x".utf8)
        let paths: [[UInt8]] = [[0xFF, 0xFE], [0x2D, 0x2D], long, Array("a\nb/\u{1b}[31m".utf8)]
        let ids = paths.map { rules.description(of: $0).id }
        for id in ids { #expect((1...540).contains(id.utf8.count), "\(id)") }
        #expect(Set(ids).count == ids.count)
        #expect(rules.description(of: long).id == rules.description(of: long).id)
        #expect(rules.description(of: long).id != rules.description(of: long + [0x79]).id)
    }

    @Test("leave out what they skip, and the catalog itself whatever they say")
    func skipped() throws {
        let rules = try AssetRules(yaml: Array("version: 1\nrules: [{match: '**', id: x}]".utf8), file: "r.yaml")
        let shipped = try AssetRules.shipped()
        for (path, isAlways) in [
            ("coordination/catalog/asset-catalog.json", true), ("coordination/catalog/assets/a.json", true),
            (".git/config", false), ("a/node_modules/b/c.js", false), ("coordination/x.tmp", false),
        ] {
            #expect(shipped.skips(Array(path.utf8)), "\(path)")
            #expect(rules.skips(Array(path.utf8)) == isAlways, "\(path)")
        }
        #expect(!shipped.skips(Array("coordination/catalog/metastore.json".utf8)))
    }

    @Test("take each field from the first rule that says something about it; an empty text says that there is none")
    func layers() throws {
        let text = """
            version: 1
            rules:
              - match: a/*
                owner: ""
                tags: ["{2|slug}", fixed]
              - match: [a/b, c]
                owner: late
                category: "{1}-{stem}"
                sensitivity: secret
              - match: "**"
                id: "{path|dotted}"
                owner: default
            """
        let rules = try AssetRules(yaml: Array(text.utf8), file: "r.yaml")
        let first = rules.description(of: Array("a/b".utf8))
        #expect(first.owner == nil && first.category == "a-b" && first.sensitivity == .secret)
        #expect(first.tags == ["b", "fixed"])
        #expect(rules.description(of: Array("c".utf8)).owner == "late")
        #expect(rules.description(of: Array("d".utf8)).owner == "default")
        #expect(rules.description(of: Array("d".utf8)).sensitivity == .internal)
    }

    @Test(
        "that are wrong are refused with the line and the place",
        arguments: [
            ("rules: [{match: '**', id: x}]", "`version` is missing"),
            ("version: 2\nrules: [{match: '**', id: x}]", "version 2"),
            ("version: 1", "`rules` must be a list"),
            ("version: 1\nrules: [{match: 'a/*', id: x}]", "the last rule must be for every path"),
            ("version: 1\nrules: [{match: '**'}]", "the last rule must be for every path"),
            ("version: 1\nrules: [{id: x}]", "`match` is missing"),
            ("version: 1\nrules: [{match: '**', id: x, colour: red}]", "unknown key `colour`"),
            ("version: 1\nrules: [{match: '**', id: '{nme}'}]", "`{nme}`"),
            ("version: 1\nrules: [{match: '**', id: '{name|up}'}]", "filters slug and dotted"),
            ("version: 1\nrules: [{match: '**', id: '{name'}]", "`{` without `}`"),
            ("version: 1\nrules: [{match: '**', id: 'name}'}]", "`}` without `{`"),
            ("version: 1\nrules: [{match: '/x', id: x}]", "relative"),
            ("version: 1\nrules: [{match: '**', id: x, sensitivity: hidden}]", "one of public, internal"),
            ("[1, 2]", "a list where a mapping"),
            ("a: [", "not valid YAML"),
        ]
    )
    func invalid(text: String, message: String) {
        let error = #expect(throws: AssetRulesError.self) { try AssetRules(yaml: Array(text.utf8), file: "r.yaml") }
        #expect(error?.code == .discoveryInvalid)
        #expect(error?.details["issues"]?.contains(message) == true, "\(error?.message ?? "")")
        #expect(error?.message.hasPrefix("r.yaml") == true)
    }

    @Test("have a published schema that knows every key")
    func schema() throws {
        let schema = try JSONDocument(strict: AssetRules.publishedSchema).root
        let rule = try #require(schema.value(at: "/$defs/rule/properties"))
        let names = Set(rule.members.compactMap { $0.key.string })
        #expect(names == Set(AssetRules.Field.allCases.map(\.rawValue)).union(["match", "sensitivity", "tags"]))
    }
}

@Suite("The scan for secrets")
struct SecretScanTests {
    /// Text and whether it looks like a secret.
    struct Case: CustomTestStringConvertible {
        let text: String
        let isSecret: Bool
        var testDescription: String { text }
    }

    // Put together so that no scanner takes this file for a leak.
    private static let key = "gh" + "p_" + "abcdefghijklmnop1234"
    private static let cases = [
        Case(text: #"{"token": "\#(key)"}"#, isSecret: true),
        Case(text: "see \(key) there", isSecret: true),
        Case(text: "-----BEGIN RSA PRIVATE " + "KEY-----\nMII", isSecret: true),
        Case(text: #"{"password": "hunter2hunter2"}"#, isSecret: true),
        Case(text: "x = 1\nexport API_KEY=0123456789abcdef\n", isSecret: true),
        Case(text: "db:\n  password: correct-horse\n", isSecret: true),
        Case(text: #"{"password": "${DB_PASSWORD}"}"#, isSecret: false),
        Case(text: #"{"password": ""}"#, isSecret: false),
        Case(text: "password = readPassword(from: file)", isSecret: false),
        Case(text: #"{"token_budget": 12000000, "tokens_used": 99999999}"#, isSecret: false),
        Case(text: "the password: it should be long enough", isSecret: false),
        Case(text: #"{"note": "rotate the secret every month"}"#, isSecret: false),
    ]

    @Test("knows keys of known forms, and values under names of secrets", arguments: cases)
    func knownForms(_ one: Case) {
        #expect(SecretScan.looksSecret(one.text.utf8) == one.isSecret)
    }

    @Test("finds what the end of a piece cuts, wherever it cuts")
    func pieces() {
        let text = Array((String(repeating: "lorem ipsum ", count: 20) + Self.key + " dolor").utf8)
        for cut in 0...text.count {
            var scan = SecretScan()
            scan.take(text[..<cut])
            scan.take(text[cut...])
            #expect(scan.isFound, "cut at \(cut)")
        }
    }
}
