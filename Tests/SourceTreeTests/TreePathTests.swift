import Testing

@testable import SourceTree

@Suite("Paths in a tree")
struct TreePathTests {
    @Test(
        "Any bytes have a text of their own",
        arguments: [
            (Array("a/b.json".utf8), "a/b.json"), (Array("ü 🎉".utf8), "ü 🎉"), (Array("a\nb".utf8), "a\\nb"),
            (Array("a\\nb".utf8), "a\\\\nb"), ([0x61, 0xff, 0x62], "a\\xffb"), ([0xf0, 0x9f], "\\xf0\\x9f"),
            ([0x01, 0x7f], "\\x01\\x7f"), ([], ""), (Array("\r\t".utf8), "\\r\\t"),
        ] as [([UInt8], String)]
    )
    func text(path: [UInt8], expected: String) {
        #expect(TreePath.text(path) == expected)
    }

    @Test(
        "Paths that could leave their root are unsafe",
        arguments: [
            ("a", true), ("a/b", true), ("...", true), ("a/..b", true), ("", false), ("/a", false), ("a/", false),
            ("a//b", false), ("..", false), (".", false), ("a/../b", false), ("a/.", false), ("a\u{0}b", false),
        ]
    )
    func safety(path: String, isSafe: Bool) {
        #expect(TreePath.isSafe(Array(path.utf8)) == isSafe)
    }
}
