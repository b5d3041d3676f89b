import Testing

@testable import SyncMiddleware

@Suite("What a row shows in the published view")
struct ViewRowTests {
    private static let asset = ViewRow(
        id: "a",
        version: 3,
        isVisible: true,
        content: .asset(indexes: [.type: "library", .sensitivity: "public"], modified: "1500", checksum: "00ff"),
        body: Array("{}".utf8)
    )

    @Test("an asset shows document, checksum, time, and is listed under the values that it has")
    func shownAsset() {
        let places = Self.asset.facts.map { "\($0.form.rawValue) \($0.key) \($0.member)" }
        #expect(
            places == [
                "h catalog:assets a", "h catalog:checksums a", "z catalog:index:by_modified a",
                "s catalog:index:by_type:library a", "v catalog:index:types library",
                "s catalog:index:by_sensitivity:public a", "v catalog:index:sensitivities public",
            ]
        )
    }

    @Test("a hidden row shows nothing, a hidden edge keeps only the private names of its loose ends")
    func hidden() {
        let hidden = ViewRow(id: "a", version: 3, isVisible: false, content: Self.asset.content, body: [])
        #expect(hidden.facts.isEmpty)
        let edge = ViewRow(
            id: "e",
            version: 1,
            isVisible: false,
            content: .lineage(upstream: "a", downstream: "b", dangling: ["b"]),
            body: []
        )
        #expect(edge.facts == [ViewFact(.member, "cortex:view:dangling:b", "e")])
        #expect(!ViewChange(.lineage, edge).isVisible)
    }

    @Test("every place that a row shows is known by its key again", arguments: ViewKind.allCases)
    func families(_ kind: ViewKind) throws {
        let content: ViewRow.Content =
            switch kind {
            case .agents: .agent(type: "worker")
            case .tasks: .task(status: "pending", agent: "a:b")
            case .assets: Self.asset.content
            case .lineage: .lineage(upstream: "u:p", downstream: "down", dangling: [])
            }
        let row = ViewRow(id: "x:y", version: 1, isVisible: true, content: content, body: [1])
        for fact in row.facts {
            for place in fact.published {
                let family = try #require(ViewFamily(Array(place.key.utf8)))
                let found = family.place(Array(place.member.utf8))
                #expect(found.form == fact.form)
                #expect(found.fact?.place == fact.place)
                #expect(found.kind == (fact.form == .inUse ? nil : kind))
            }
        }
        #expect(ViewFamily(Array("catalog:index:else".utf8)) == nil)
    }

    @Test("a later snapshot has a later stamp, whatever the epoch had counted before")
    func stamps() throws {
        let rising = [
            ViewStamp(epoch: 1, snapshot: try #require(TransactionSnapshot("5:9:5,7"))),
            ViewStamp(epoch: 1, snapshot: try #require(TransactionSnapshot("7:9:7"))),
            ViewStamp(epoch: 1, snapshot: try #require(TransactionSnapshot("9:9:"))),
            ViewStamp(epoch: 1, snapshot: try #require(TransactionSnapshot("7:12:7,9,10"))),
            ViewStamp(epoch: 2, snapshot: try #require(TransactionSnapshot("1:1:"))),
        ]
        #expect(rising == rising.sorted())
        for (earlier, later) in zip(rising, rising.dropFirst()) { #expect(earlier < later) }
    }

    @Test(
        "a message names what readers see: what is hidden is deleted for them",
        arguments: [
            ("insert", true, "insert"), ("update", true, "update"), ("delete", true, "update"),
            ("update", false, "delete"), ("insert", false, "delete"),
        ]
    )
    func messages(_ action: String, _ visible: Bool, _ expected: String) {
        let row = ViewRow(id: "a\"\n", version: 3, isVisible: true, content: .agent(type: nil), body: [])
        let change = ViewChange(.agents, row)
        let text = change.message(
            visible: visible,
            news: ViewChange.News(action: action, at: "2026-01-01T00:00:00.000Z")
        )
        #expect(
            String(decoding: text, as: UTF8.self)
                == #"{"type":"agent","action":"\#(expected)","id":"a\"\u000a","version":3,"at":"2026-01-01T00:00:00.000Z"}"#
        )
    }

    @Test(
        "nines follow from what was compared",
        arguments: [(0, 0, 0.0), (1_000, 0, 3.0), (1_000, 1, 3.0), (100_000, 10, 4.0), (10, 10, 0.0)]
    )
    func nines(_ checked: Int, _ mismatches: Int, _ expected: Double) {
        #expect(CacheCheckReport.nines(checked: checked, mismatches: mismatches) == expected)
    }
}
