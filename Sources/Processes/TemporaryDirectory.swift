import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Directories that are gone when their scope ends.
public enum TemporaryDirectory: Sendable {
    /// Makes a directory (0700, below `/tmp` by default) for the body and removes it, whatever the body does.
    ///
    /// The prefix is part of its name. A failure to remove it is thrown only when the body succeeded.
    public static func withDirectory<R>(
        prefix: String = "cortex",
        in parent: String = "/tmp",
        _ body: (String) async throws -> R
    ) async throws -> R {
        let path = try make(prefix: prefix, in: parent)
        do {
            let result = try await body(path)
            try Directory.remove(path)
            return result
        } catch {
            // The first error is the one to tell.
            try? Directory.remove(path)
            throw error
        }
    }

    /// Makes a directory with a name of its own (0700) that the caller removes.
    public static func make(prefix: String, in parent: String = "/tmp") throws(ProcessesError) -> String {
        var template = Array("\(parent)/\(prefix)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw SystemCall(operation: "create a temporary directory below", path: parent).failure(errno)
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
