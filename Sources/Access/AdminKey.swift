import Diagnostics
import Domain
import Processes

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The first key: may do everything, and is kept in a file of the home for the user who set the system up.
public enum AdminKey: Sendable {
    /// The file's place in the directory of secrets.
    public static func path(in directory: String) -> String { directory + "/admin.key" }

    /// Makes sure that there is an admin key and that the store knows it; says whether it was made now.
    ///
    /// `directory` is the home's directory of secrets, 0700. The key is written before it is registered, so that after a crash in
    /// between the next call registers it. A key that was revoked stays revoked, for as long as its file is there. Throws
    /// `file.cannot_write`, `file.cannot_read` for a file that holds no key, and what the store throws.
    @discardableResult
    public static func ensure(in directory: String, _ store: any KeyStore) async throws -> Bool {
        let path = path(in: directory)
        return try await LockFile.withLock(at: path + ".lock", holder: "cortex", patience: .seconds(10)) {
            let known = try SmallFile.readText(path)
            let key: APIKey
            if let known {
                guard let read = APIKey(known) else { throw damaged(path) }
                key = read
            } else {
                key = .generate()
                try SmallFile.write(text: key.text.reveal() + "\n", to: path)
            }
            if await store.find([key.id]).records[key.id]?.sha256 != key.sha256 {
                try await store.add(
                    APIKeyRecord(
                        key,
                        label: "first administrator, secrets/admin.key",
                        scopes: [.read, .write, .admin],
                        clearance: .secret,
                        createdAt: Date(),
                        createdBy: "cortex"
                    )
                )
            }
            return known == nil
        }
    }

    private static func damaged(_ path: String) -> AccessError {
        AccessError(
            .cannotRead,
            "\(path) holds no key",
            hint:
                "Remove it; cortex up makes a new one. What it held is not valid any more only after cortex keys revoke."
        )
    }
}
