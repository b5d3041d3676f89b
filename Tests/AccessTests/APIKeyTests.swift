import Diagnostics
import Testing

@testable import Access

@Suite struct APIKeyTests {
    @Test func `a generated key is read back, and no two are alike`() throws {
        let key = APIKey.generate()
        let read = try #require(APIKey(key.text.reveal()))
        #expect(read.id == key.id)
        #expect(read.sha256 == key.sha256)
        #expect(key.sha256.count == 32)
        #expect(Set((0..<1_000).map { _ in APIKey.generate().text }).count == 1_000)
        #expect("\(key)".contains(key.text.reveal()) == false)
    }

    @Test(arguments: [
        "", "cortex_", "cortex_0123456789abcdef_", "Cortex_0123456789abcdef_" + String(repeating: "0", count: 64),
        "cortex_0123456789ABCDEF_" + String(repeating: "0", count: 64),
        "cortex_0123456789abcdef-" + String(repeating: "0", count: 64),
        "cortex_0123456789abcdef_" + String(repeating: "0", count: 63),
        "cortex_0123456789abcdef_" + String(repeating: "0", count: 65),
        "cortex_0123456789abcdef_" + String(repeating: "g", count: 64),
    ])
    func `what has not the form of a key is none`(text: String) {
        #expect(APIKey(text) == nil)
    }

    @Test(arguments: [
        ("Bearer ", true), ("bearer ", true), ("BEARER  ", true), ("Basic ", false), ("Bearer", false), ("", false),
    ])
    func `a bearer header is told from others`(scheme: String, isKey: Bool) {
        let key = APIKey.generate()
        let id = BearerHeader.withKey(scheme + key.text.reveal()) { id, _ in id }
        #expect((id == key.id) == isKey)
    }
}
