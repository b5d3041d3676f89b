import Foundation

/// The files of this repository.
enum Repository {
    /// The folder with Package.swift.
    static let root: URL = {
        // Links are followed, so that the tests find the repository from wherever they are built.
        var folder = URL(filePath: #filePath).resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            if FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path) { break }
        }
        return folder
    }()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// How a script ended.
    struct Ended {
        let status: Int32
        let output: String
    }

    /// Runs one of our scripts and returns what it printed on both streams.
    static func run(_ script: String, _ arguments: [String]) throws -> Ended {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = root.appending(path: script)
        process.arguments = arguments
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Ended(status: process.terminationStatus, output: String(decoding: data, as: UTF8.self))
    }
}
