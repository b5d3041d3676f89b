import Catalog
import Testing

@Suite("Version tokens")
struct VersionTokenTests {
    @Test(
        "what is written is read again",
        arguments: [
            VersionToken.row(epoch: 3, version: 17), .row(epoch: 1, version: 0), .record("0123456789abcdef"),
        ]
    )
    func roundTrip(_ token: VersionToken) {
        #expect(VersionToken(token.description) == token)
    }

    @Test(
        "what is no token is refused",
        arguments: [
            "", "17", "p3", "p3-", "p0-1", "p3-1 ", "p3--1", "p-1-1", "j-0123456789abcde", "j-0123456789ABCDEF",
            "W/p3-1",
            "p99999999999999999999-1",
        ]
    )
    func refuses(_ text: String) {
        #expect(VersionToken(text) == nil)
    }
}
