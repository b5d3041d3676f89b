import Testing

@testable import SyncMiddleware

@Suite("Invalidation hints")
struct InvalidationHintTests {
    @Test(
        "come back as they were sent, whatever an id holds",
        arguments: ["t-1", "note\u{1f}a/\"b\"", "\u{1F600}\n", " a  b ", ""]
    )
    func roundTrip(id: String) {
        let hint = InvalidationHint(kind: "tasks", id: id, version: 7, epoch: 1 << 52)
        #expect(InvalidationHint(Array(hint.text.utf8)) == hint)
    }

    @Test(
        "of others are nothing",
        arguments: ["", "{}", "9 7 tasks", "9 x tasks t", "9 99999999999999999999 tasks t", "9 7  t", "nine 7 tasks t"]
    )
    func foreign(text: String) {
        #expect(InvalidationHint(Array(text.utf8)) == nil)
    }
}
