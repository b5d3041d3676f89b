import Foundation
import Testing

@testable import SyncMiddleware

@Suite("Invalidation hints")
struct InvalidationHintTests {
    @Test("come back as they were sent, whatever an id holds", arguments: ["t-1", "note\u{1f}a/\"b\"", "\u{1F600}\n"])
    func roundTrip(id: String) throws {
        let hint = InvalidationHint(kind: "tasks", id: id, version: 7, epoch: 9, at: Date(timeIntervalSince1970: 1.5))
        #expect(hint.at == "1970-01-01T00:00:01.500Z")
        #expect(InvalidationHint(Array(try hint.text.utf8)) == hint)
    }

    @Test("of others are nothing", arguments: ["", "{}", "x", "{\"type\":\"tasks\",\"id\":3}", "[1]"])
    func foreign(text: String) {
        #expect(InvalidationHint(Array(text.utf8)) == nil)
    }
}
