import ArgumentParser
import DataMigration
import Diagnostics

/// `cortex export`: the database as a tree of files.
struct ExportCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the stored tree to a new directory, byte for byte.",
        discussion: """
            Every file, directory, link and pipe of the imported tree is made again, with its mode and time. What \
            cannot be made (sockets, devices, unreadable entries) is listed. The directory must not exist or be empty.
            """
    )

    @OptionGroup var global: GlobalOptions
    @Option(help: "The database: local, or a URL.")
    var target: String?
    @Option(name: .customLong("to"), help: "The directory to write.")
    var directory: String
    @Flag(help: "Write the bytes that were imported.")
    var originalBytes = false

    func validate() throws {
        guard originalBytes else {
            throw ValidationError("only --original-bytes can be exported in this version")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let export = try await context.withCurrentDatabase(try context.target(target)) { session in
            try await TreeExport(session: session).writeOriginalBytes(to: context.path(directory))
        }
        try context.output.result(export, text: Self.text(export))
        return .done
    }

    private static func text(_ export: ExportFacts) -> String {
        let lines = export.omitted.map { "not made: \($0.path) (\($0.reason))" }
        return (["\(export.files) files, \(export.entries) entries, \(export.bytes) bytes"] + lines)
            .joined(separator: "\n")
    }
}
