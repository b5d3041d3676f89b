import Diagnostics
import Domain
import Foundation
import Postgres
import Processes
import TestSupport
import Testing

@testable import Access

@Suite struct KeyStoreTests {
    /// What every store of keys does.
    private func conforms(_ store: any KeyStore) async throws {
        let first = APIKey.generate(), second = APIKey.generate()
        var record = APIKeyRecord(
            first,
            label: "ci \"quoted\" \\ naïve 'x'",
            scopes: [.read, .write],
            clearance: .confidential,
            createdAt: Date(timeIntervalSince1970: 1_700_000_000),
            createdBy: "test",
            expiresAt: Date(timeIntervalSince1970: 4_000_000_000)
        )
        try await store.add(record)
        try await store.add(record)
        try await store.add(
            APIKeyRecord(second, scopes: .read, clearance: nil, createdAt: Date(timeIntervalSince1970: 1_700_000_001))
        )
        #expect(try await store.list().map(\.id) == [first.id, second.id])
        let lookup = await store.find([first.id, APIKey.generate().id])
        #expect(lookup.records == [first.id: record])
        #expect(lookup.unanswered.isEmpty && lookup.cause == nil)

        let thief = APIKeyRecord(id: first.id, sha256: second.sha256.reversed(), scopes: .admin, createdAt: Date())
        await #expect(throws: AccessError.self) { try await store.add(thief) }
        #expect(await store.find([first.id]).records[first.id] == record)

        let now = Date(timeIntervalSince1970: 1_800_000_000)
        #expect(try await store.revoke(first.id, by: "key:x", at: now))
        #expect(try await store.revoke(first.id, by: "later", at: now + 60))
        #expect(try await !store.revoke(APIKey.generate().id, by: "key:x", at: now))
        (record.revokedAt, record.revokedBy) = (now, "key:x")
        #expect(await store.find([first.id]).records[first.id] == record)
        #expect(await store.find([second.id]).records[second.id]?.revokedAt == nil)
    }

    @Test func `keys in a file`() async throws {
        try await withTemporaryDirectory { directory in
            try await conforms(FileKeyStore(directory: directory))
            #expect(Directory.mode(of: directory + "/api-keys.json") == 0o600)
        }
    }

    @Test func `a damaged file of keys lets nobody in and says so, whatever is in it`() async throws {
        try await withTemporaryDirectory { directory in
            let store = FileKeyStore(directory: directory)
            let key = APIKey.generate()
            for text in ["", "{", "[]", #"{"keys":[{"key_id":"x"}]}"#] {
                try SmallFile.write(text: text, to: directory + "/api-keys.json")
                #expect(await store.find([key.id]).unanswered == [key.id])
                let error = await #expect(throws: AccessError.self) { try await store.add(.sample(key)) }
                #expect(error?.code == .cannotRead)
            }
        }
    }

    @Test func `many writers of the file at once lose nothing`() async throws {
        try await withTemporaryDirectory { directory in
            let store = FileKeyStore(directory: directory)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<12 { group.addTask { try await store.add(.sample(.generate())) } }
                try await group.waitForAll()
            }
            #expect(try await store.list().count == 12)
        }
    }

    @Test func `keys in the database, as cortex_api, audited without their hash`() async throws {
        try await withAccessDatabase { client in
            let store = PostgresKeyStore(client)
            try await conforms(store)
            let rows = try await client.query(
                "SELECT event_type, summary, details::text AS details FROM public.audit_logs ORDER BY id"
            ).rows
            #expect(rows.map { $0["event_type"].string } == ["api_key.created", "api_key.created", "api_key.updated"])
            #expect(rows.allSatisfy { !($0["details"].string ?? "").contains("sha256\":\"") })
            #expect(rows.last?["details"].string?.contains("key:x") == true)
            let error = await #expect(throws: AccessError.self) {
                var record = APIKeyRecord.sample(.generate())
                record.userID = "nobody"
                try await store.add(record)
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `keys of file and database together; the file's go on without the database`() async throws {
        try await withAccessDatabase { client in
            try await withTemporaryDirectory { directory in
                let file = FileKeyStore(directory: directory)
                try await conforms(CombinedKeyStore(file: file, database: PostgresKeyStore(client)))
                let inFileAlone = try await file.list()
                #expect(inFileAlone.isEmpty)
                let inFile = APIKey.generate(), inDatabase = APIKey.generate()
                try await file.add(.sample(inFile))
                try await PostgresKeyStore(client).add(.sample(inDatabase))
                let nowhere = try PostgresConfiguration.unreachable
                try await PostgresClient.withClient(nowhere) { away in
                    let store = CombinedKeyStore(file: file, database: PostgresKeyStore(away))
                    let lookup = await store.find([inFile.id, inDatabase.id])
                    #expect(Set(lookup.records.keys) == [inFile.id])
                    #expect(lookup.unanswered == [inDatabase.id])
                    #expect(lookup.cause != nil)
                }
            }
        }
    }

    @Test func `a database without a schema has no keys`() async throws {
        try await TestDatabase.withDatabase { url in
            try await PostgresClient.withClient(PostgresConfiguration(url: url)) { client in
                let store = PostgresKeyStore(client)
                let lookup = await store.find([APIKey.generate().id])
                #expect(lookup.records.isEmpty && lookup.unanswered.isEmpty)
                let all = try await store.list()
                #expect(all.isEmpty)
            }
        }
    }

    // MARK: Two instances

    @Test func `a revocation counts on every instance within a second, a disabled user's keys too`() async throws {
        try await withAccessDatabase { client in
            let users = PostgresUserStore(client)
            try await users.create(UserRecord(userID: "ann", role: .viewer), passwordHash: nil, by: "test")
            let store = PostgresKeyStore(client)
            let revoked = APIKey.generate(), owned = APIKey.generate(), kept = APIKey.generate()
            for key in [revoked, kept] { try await store.add(.sample(key)) }
            var record = APIKeyRecord.sample(owned)
            record.userID = "ann"
            try await store.add(record)
            let instances = [Authenticator(store), Authenticator(store)]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for instance in instances { group.addTask { await instance.run() } }
                for instance in instances {
                    for key in [revoked, owned, kept] { _ = try await instance.authenticate(key.header, from: "") }
                }
                _ = try await store.revoke(revoked.id, by: "test", at: Date())
                try await users.setActive("ann", false, by: "test")
                let start = ContinuousClock.now
                for instance in instances {
                    for key in [revoked, owned] {
                        while try instance.known(key.header, from: "", at: .now) != nil {
                            try #require(ContinuousClock.now - start < .seconds(1), "still known after a second")
                            try await Task.sleep(for: .milliseconds(5))
                        }
                    }
                    _ = try await instance.authenticate(kept.header, from: "")
                }
                group.cancelAll()
            }
        }
    }
}

extension PostgresConfiguration {
    /// A port at which nobody listens.
    static var unreachable: PostgresConfiguration {
        get throws { try PostgresConfiguration(url: "postgresql://x@127.0.0.1:1/x", connectTimeout: .seconds(1)) }
    }
}
