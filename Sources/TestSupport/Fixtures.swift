#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Files that tests read.
public enum Fixtures: Sendable {
    /// The path of a file or directory among the shared fixtures, such as `fixtures/cortex-tree`; nil without it.
    ///
    /// Shared files lie in the directory that `CORTEX_SHARED` names, else in `shared` beside the package.
    public static func shared(_ relative: String) -> String? {
        let named = ProcessInfo.processInfo.environment["CORTEX_SHARED"]
        for root in (named.map { [$0] } ?? []) + besidePackage {
            let path = "\(root)/\(relative)"
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        return nil
    }

    /// `shared` beside each directory above the working directory and above this file.
    private static var besidePackage: [String] {
        [FileManager.default.currentDirectoryPath, #filePath].flatMap { start in
            var parts = start.split(separator: "/")
            var roots: [String] = []
            while !parts.isEmpty {
                parts.removeLast()
                roots.append("/" + (parts + ["shared"]).joined(separator: "/"))
            }
            return roots
        }
    }
}
