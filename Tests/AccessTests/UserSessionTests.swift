import Diagnostics
import Domain
import Foundation
import Postgres
import Testing

@testable import Access

#if os(Linux)
@Suite struct UserSessionTests {
    private let password = Secret("correct horse battery")

    @Test func `a session is a key of the user's that ends`() async throws {
        try await withAccessDatabase { client in
            let (keys, users) = (PostgresKeyStore(client), PostgresUserStore(client))
            let sessions = UserSessions(keys: keys)
            let none = await #expect(throws: AccessError.self) {
                try await sessions.begin("ann", password, from: "a")
            }
            #expect(none?.code == .accessUnavailable)
            sessions.use(client)
            try await users.create(
                UserRecord(userID: "ann", role: .editor),
                passwordHash: PasswordHasher().hash(password),
                by: "cli:test"
            )
            let wrong = await #expect(throws: AccessError.self) {
                try await sessions.begin("ann", Secret("wrong password"), from: "a")
            }
            #expect(wrong?.code == .accessUnauthenticated)

            let session = try await sessions.begin("ann", password, from: "a")
            #expect(abs(session.expiresAt.timeIntervalSinceNow - 12 * 3_600) < 60)
            func caller() async throws -> Principal {
                // Another one each time: nothing is remembered.
                try await Authenticator(keys).authenticate("Bearer \(session.key.text.reveal())", from: "b").principal
            }
            let principal = try await caller()
            #expect(principal.scopes == [.read, .write] && principal.clearance == .confidential)
            let row = try await client.query("SELECT user_id, label FROM public.api_keys").first
            #expect(row?["user_id"].string == "ann" && row?["label"].string == "session")

            try await users.setActive("ann", false, by: "cli:test")
            #expect(await #expect(throws: AccessError.self) { try await caller() }?.refusal == .disabled)
            try await users.setActive("ann", true, by: "cli:test")
            try await sessions.end(session.key.id, by: principal.name)
            #expect(await #expect(throws: AccessError.self) { try await caller() }?.refusal == .revoked)
        }
    }
}
#endif
