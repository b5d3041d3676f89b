import Foundation

/// Fixtures shared by the project's tests: the folder in `CORTEX_SHARED`, else `shared` beside the package.
///
/// A small copy of what the other tests have, so that these need nothing but the module.
enum SharedFiles {
    static let suite = folder("fixtures/json-test-suite")
    static let tree = folder("fixtures/cortex-tree")
    static let naughtyStrings = folder("fixtures/naughty-strings")

    static func folder(_ name: String) -> String? {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let shared =
            ProcessInfo.processInfo.environment["CORTEX_SHARED"]
            ?? package.deletingLastPathComponent().appendingPathComponent("shared").path
        let path = "\(shared)/\(name)"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// The files in a folder and below, as sorted paths relative to it.
    static func files(in folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).sorted().filter { name in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder)
            return !isFolder.boolValue
        }
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: path)))
    }
}

extension SharedFiles {
    /// The text of a page of this package's documentation.
    static func documentation(_ name: String) -> String? {
        // Resolved, so that it is found from a package that links to these sources too.
        let here = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        let package = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try? String(contentsOf: package.appendingPathComponent("docs/\(name)"), encoding: .utf8)
    }
}
