import Domain
import LosslessJSON
import SourceTree
import Testing

@testable import Catalog

@Suite("The plan of discovery")
struct DiscoveryPlanTests {
    private let rules: AssetRules

    init() throws {
        let text = """
            version: 1
            rules:
              - match: specs/**
                id: spec-{stem|slug}
                owner: platform
              - match: keys/**
                id: "{path|dotted}"
                sensitivity: secret
              - match: "**"
                id: "{path|dotted}"
                name: "{name}"
                type: data
                sensitivity: internal
            """
        rules = try AssetRules(yaml: Array(text.utf8), file: "test.yaml")
    }

    // MARK: Facts

    private func file(
        _ path: String,
        sha256: String? = "aa",
        content: DiscoveryNote.Content = .hashed,
        modified: Int64? = 1_000_000,
        looksSecret: Bool = false
    ) -> ScannedFile {
        ScannedFile(
            path: Array(path.utf8),
            note: DiscoveryNote(
                path: path,
                entry: .file,
                content: content,
                size: content == .hashed ? 3 : nil,
                modifiedMicroseconds: modified,
                sha256: sha256,
                error: content == .hashed ? nil : "no",
                looksSecret: looksSecret
            )
        )
    }

    private func scan(_ files: ScannedFile..., closed: [String] = [], scope: String = "") -> DiscoveryScan {
        var scan = DiscoveryScan()
        scan.files = files
        scan.closedFolders = closed.map { DiscoveryScan.ClosedFolder(path: $0, reason: "no") }
        scan.scope = scope
        return scan
    }

    /// The asset that discovery made of a file.
    private func asset(
        _ id: String,
        of file: ScannedFile,
        version: Int = 1,
        sensitivity: Sensitivity = .internal
    ) -> CatalogedAsset {
        CatalogedAsset(
            id: id,
            token: .row(epoch: 1, version: version),
            path: file.note.path,
            checksum: file.note.sha256,
            modifiedMicroseconds: file.note.modifiedMicroseconds,
            sensitivity: sensitivity,
            note: file.note
        )
    }

    private func foreign(_ id: String, path: String? = nil) -> CatalogedAsset {
        CatalogedAsset(id: id, token: .row(epoch: 1, version: 1), path: path)
    }

    private func plan(
        _ scan: DiscoveryScan,
        _ assets: CatalogedAsset...,
        removesMissing: Bool = false
    ) -> DiscoveryPlan {
        DiscoveryPlan(scan: scan, assets: assets, rules: rules, removesMissing: removesMissing)
    }

    private func lines(_ plan: DiscoveryPlan) -> [String] {
        plan.actions.map { "\($0.kind.rawValue) \($0.id) \($0.path)" }
    }

    private func body(_ action: DiscoveryAction) throws -> JSONValue {
        switch action.operation {
        case .create(let bytes), .mergePatch(let bytes): try JSONDocument(strict: bytes).root
        default: throw Unexpected()
        }
    }

    private struct Unexpected: Error {}

    // MARK: New, same, changed

    @Test("makes an asset of a new file, with what the rules say and what was found")
    func creation() throws {
        let plan = plan(scan(file("a/x.json")))
        #expect(lines(plan) == ["created a.x_json a/x.json"])
        let body = try body(plan.actions[0])
        #expect(body["asset_id"]?.string == "a.x_json")
        #expect(body["asset_name"]?.string == "x.json")
        #expect(body["sensitivity"]?.string == "internal")
        #expect(body["checksum"]?.string == "aa")
        #expect(body["last_modified_at"]?.string == "1970-01-01T00:00:01Z")
        #expect(body.value(at: "/metadata/discovery/sha256")?.string == "aa")
        #expect(body.value(at: "/metadata/discovery/size")?.integer == 3)
        #expect(body["description"] == nil && body["owner"] == nil)
        #expect(plan.actions[0].expected == nil)
    }

    @Test("does nothing where the catalog says what was found")
    func unchanged() {
        let found = file("a/x.json")
        let plan = plan(scan(found), asset("any-id", of: found))
        #expect(plan.actions.isEmpty)
        #expect(plan.unchanged == 1)
    }

    @Test("changes what discovery owns and no more, with the version that it knows")
    func update() throws {
        let plan = plan(scan(file("a/x.json", sha256: "bb")), asset("any-id", of: file("a/x.json"), version: 7))
        #expect(lines(plan) == ["updated any-id a/x.json"])
        #expect(plan.actions[0].expected == .row(epoch: 1, version: 7))
        let body = try body(plan.actions[0])
        #expect(body.members.compactMap { $0.key.string } == ["checksum", "metadata"])
        #expect(body["metadata"]?.members.compactMap { $0.key.string } == ["discovery"])
    }

    @Test("sets right what discovery owns when somebody else has changed it")
    func drifted() throws {
        let found = file("a/x.json")
        let drifted = CatalogedAsset(
            id: "x",
            token: .row(epoch: 1, version: 3),
            path: "elsewhere",
            checksum: nil,
            modifiedMicroseconds: 5,
            note: found.note
        )
        let plan = plan(scan(found), drifted)
        let body = try body(plan.actions[0])
        #expect(body.members.compactMap { $0.key.string } == ["path", "checksum", "last_modified_at"])
    }

    @Test("keeps the last known hash of a file that cannot be read now, and says so")
    func unreadable() throws {
        let now = file("a/x.json", sha256: nil, content: .unreadable, modified: nil)
        let plan = plan(scan(now), asset("x", of: file("a/x.json")))
        #expect(lines(plan) == ["updated x a/x.json"])
        let body = try body(plan.actions[0])
        #expect(body["checksum"] == nil)
        #expect(body.value(at: "/metadata/discovery/content")?.string == "unreadable")
        #expect(body.value(at: "/metadata/discovery/sha256")?.string == "aa")
        #expect(body.value(at: "/metadata/discovery/error")?.string == "no")
    }

    // MARK: Secrets

    @Test("gives what looks secret at least restricted, more where a rule says so")
    func secretCreation() throws {
        let plan = plan(scan(file("a/x", looksSecret: true), file("keys/y", looksSecret: true)))
        #expect(try body(plan.actions[0])["sensitivity"]?.string == "restricted")
        #expect(try body(plan.actions[1])["sensitivity"]?.string == "secret")
    }

    @Test("raises the sensitivity when the content begins to look secret, and never again after that")
    func secretUpdate() throws {
        let secret = file("a/x", sha256: "bb", looksSecret: true)
        let raised = plan(scan(secret), asset("x", of: file("a/x")))
        #expect(try body(raised.actions[0])["sensitivity"]?.string == "restricted")
        let higher = plan(scan(secret), asset("x", of: file("a/x"), sensitivity: .secret))
        #expect(try body(higher.actions[0])["sensitivity"] == nil)
        // Somebody has looked at it and lowered it: the next change of the file leaves it there.
        let lowered = plan(
            scan(file("a/x", sha256: "cc", looksSecret: true)),
            asset("x", of: secret, sensitivity: .public)
        )
        #expect(try body(lowered.actions[0])["sensitivity"] == nil)
    }

    // MARK: Missing

    @Test("keeps assets whose files are gone, and tells them")
    func missing() {
        let plan = plan(scan(file("a/x")), asset("x", of: file("a/x")), asset("gone", of: file("a/y")))
        #expect(plan.actions.isEmpty)
        #expect(plan.missing == [DiscoveryReport.Place(id: "gone", path: "a/y")])
    }

    @Test("removes them when it is told to, and never an asset that discovery did not write")
    func removal() {
        let plan = plan(
            scan(file("a/x")),
            asset("x", of: file("a/x")),
            asset("gone", of: file("a/y"), version: 4),
            foreign("theirs", path: "a/z"),
            foreign("other"),
            removesMissing: true
        )
        #expect(lines(plan) == ["removed gone a/y"])
        #expect(plan.actions[0].expected == .row(epoch: 1, version: 4))
    }

    @Test("takes nothing for gone that it could not see: below a closed folder, outside of what was scanned")
    func unseen() {
        let closed = plan(
            scan(closed: ["a/b"]),
            asset("below", of: file("a/b/c/x")),
            asset("beside", of: file("a/bc")),
            removesMissing: true
        )
        #expect(lines(closed) == ["removed beside a/bc"])
        let scoped = plan(
            scan(scope: "coordination/"),
            asset("in", of: file("coordination/x")),
            asset("out", of: file("agents/y")),
            removesMissing: true
        )
        #expect(lines(scoped) == ["removed in coordination/x"])
    }

    // MARK: Ids

    @Test("lets an asset go with its file when the path still gives its id")
    func moved() throws {
        let plan = plan(
            scan(file("specs/done/w-1.json")),
            asset("spec-w_1", of: file("specs/active/w-1.json")),
            removesMissing: true
        )
        #expect(lines(plan) == ["moved spec-w_1 specs/done/w-1.json"])
        #expect(try body(plan.actions[0])["path"]?.string == "specs/done/w-1.json")
        #expect(plan.missing.isEmpty)
    }

    @Test("gives a path an id of its own where another asset has the one that the rules give; the same one each time")
    func collisions() {
        let first = file("specs/a/w.json")
        let second = file("specs/b/w.json")
        let fresh = plan(scan(first, second))
        let own = AssetRules.distinctID("spec-w", path: second.path)
        #expect(lines(fresh) == ["created spec-w specs/a/w.json", "created \(own) specs/b/w.json"])
        // A path before all others does not take the id away from the one that has it.
        let earlier = file("specs/0/w.json")
        let later = plan(scan(earlier, first, second), asset("spec-w", of: first), asset(own, of: second))
        #expect(lines(later) == ["created \(AssetRules.distinctID("spec-w", path: earlier.path)) specs/0/w.json"])
        // When the first file is gone, the second one keeps its id.
        let alone = plan(scan(second), asset("spec-w", of: first), asset(own, of: second))
        #expect(alone.actions.isEmpty)
        #expect(alone.missing.map(\.id) == ["spec-w"])
    }

    @Test("leaves files to the assets that others made for them, by path or by id")
    func described() {
        let byPath = plan(scan(file("specs/w.json")), foreign("their-name", path: "/specs/w.json"))
        #expect(byPath.actions.isEmpty)
        #expect(byPath.described == [DiscoveryReport.Place(id: "their-name", path: "specs/w.json")])
        let byID = plan(scan(file("specs/w.json")), foreign("spec-w"))
        #expect(byID.actions.isEmpty)
        #expect(byID.described == [DiscoveryReport.Place(id: "spec-w", path: "specs/w.json")])
        // The same id for another file is another asset.
        let other = plan(scan(file("specs/w.json")), foreign("spec-w", path: "docs/w.md"))
        #expect(
            lines(other) == [
                "created \(AssetRules.distinctID("spec-w", path: Array("specs/w.json".utf8))) specs/w.json"
            ]
        )
    }

    @Test("is the same whatever the order of the assets, and what it makes leads to a plan of nothing")
    func settled() throws {
        let found = scan(file("a/x"), file("a/y"), file("specs/1/w"), file("specs/2/w"))
        let made = plan(found).actions
        var assets: [CatalogedAsset] = []
        for (action, file) in zip(made, found.files) { assets.append(asset(action.id, of: file)) }
        for order in [assets, assets.reversed()] {
            let again = DiscoveryPlan(scan: found, assets: order, rules: rules)
            #expect(again.actions.isEmpty && again.unchanged == 4 && again.missing.isEmpty)
        }
    }

    @Test("takes two spellings of one name for two files, and one that turns into the other for moved")
    func spellings() throws {
        let (one, two) = (file("specs/caf\u{e9}"), file("specs/cafe\u{301}", sha256: "bb"))
        let made = plan(scan(one, two)).actions
        #expect(made.count == 2)
        let assets = zip(made, [one, two]).map { asset($0.id, of: $1) }
        let again = DiscoveryPlan(scan: scan(one, two), assets: assets.reversed(), rules: rules)
        #expect(again.actions.isEmpty && again.unchanged == 2 && again.missing.isEmpty && again.described.isEmpty)

        let moved = plan(scan(file("specs/cafe\u{301}/w")), asset("spec-w", of: file("specs/caf\u{e9}/w")))
        #expect(moved.actions.map(\.kind.rawValue) == ["moved"] && moved.missing.isEmpty)
        let change = try body(try #require(moved.actions.first))
        #expect(change["path"]?.string?.utf8.elementsEqual("specs/cafe\u{301}/w".utf8) == true)
        #expect(change["metadata"] != nil)
    }

    // MARK: Notes

    @Test("a note comes back from its text as it was")
    func notes() throws {
        let note = DiscoveryNote(
            path: "a \"b\"\n",
            entry: .link,
            content: .none,
            modifiedMicroseconds: -1,
            target: "../é",
            looksSecret: true
        )
        for note in [note, file("x").note, file("x", sha256: nil, content: .changing).note] {
            #expect(DiscoveryNote(try JSONDocument(strict: note.text).root) == note)
        }
        #expect(DiscoveryNote(try JSONDocument(strict: Array(#"{"path":1}"#.utf8)).root) == nil)
        #expect(DiscoveryNote(nil) == nil)
    }
}
