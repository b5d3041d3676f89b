import Diagnostics
import Domain
import Processes
import TestSupport
import Testing

@testable import Access

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite struct AdminKeyTests {
    @Test func `it is made once, for its owner alone, and may do everything`() async throws {
        try await withTemporaryDirectory { directory in
            let store = MemoryKeyStore()
            #expect(try await AdminKey.ensure(in: directory, store))
            #expect(try await !AdminKey.ensure(in: directory, store))
            let path = AdminKey.path(in: directory)
            #expect(Directory.mode(of: path) == 0o600)
            let key = try #require(APIKey(try SmallFile.readText(path) ?? ""))
            let caller = try await Authenticator(store).authenticate(key.header, from: "")
            try caller.principal.require(.admin)
            #expect(caller.principal.mayRead(.secret))
            #expect(try await store.list().count == 1)
        }
    }

    @Test func `two processes that start at once make one key`() async throws {
        try await withTemporaryDirectory { directory in
            let store = MemoryKeyStore()
            let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<5 { group.addTask { try await AdminKey.ensure(in: directory, store) } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(made == 1)
            #expect(try await store.list().count == 1)
        }
    }

    @Test func `a key whose registration was lost is registered, one that was revoked stays revoked`() async throws {
        try await withTemporaryDirectory { directory in
            let first = MemoryKeyStore(), second = MemoryKeyStore()
            try await AdminKey.ensure(in: directory, first)
            try await AdminKey.ensure(in: directory, second)
            let record = try #require(try await second.list().first)
            #expect(try await first.list().map(\.id) == [record.id])
            _ = try await second.revoke(record.id, by: "test", at: Date())
            try await AdminKey.ensure(in: directory, second)
            #expect(second[record.id]?.revokedAt != nil)
        }
    }

    @Test func `a file that holds no key is said, and stays as it is`() async throws {
        try await withTemporaryDirectory { directory in
            try SmallFile.write(text: "hunter2canary\n", to: AdminKey.path(in: directory))
            let error = await #expect(throws: AccessError.self) {
                try await AdminKey.ensure(in: directory, MemoryKeyStore())
            }
            #expect(error?.code == .cannotRead)
            #expect(error?.description.contains("hunter2canary") == false)
            #expect(try SmallFile.readText(AdminKey.path(in: directory)) == "hunter2canary")
        }
    }
}
