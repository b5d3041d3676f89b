import Processes

/// Runs the body with the path of a new, empty directory (0700, links resolved) that is removed afterwards.
public func withTemporaryDirectory<R>(_ body: (String) async throws -> R) async throws -> R {
    try await TemporaryDirectory.withDirectory(prefix: "cortex-test") { path in
        try await body(Directory.resolved(path) ?? path)
    }
}
