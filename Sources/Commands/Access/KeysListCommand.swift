import Access
import ArgumentParser
import Diagnostics
import Foundation

/// `cortex keys list`: the keys and what they may do.
struct KeysListCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the keys, oldest first, with what they may do and whether they are valid."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption

    func run(in context: CommandContext) async throws -> ExitStatus {
        let now = Date()
        let records = try await context.withAccess(context.target(database.target)) { try await $0.keys.list() }
        let keys = records.map { KeyReport($0, at: now) }
        let table = TextTable(["key", "state", "scopes", "reads up to", "expires", "user", "label"], keys.map(\.cells))
        try context.output.result(Listing(keys: keys), text: keys.isEmpty ? "There are no keys." : table.description)
        return .done
    }

    private struct Listing: Encodable {
        let keys: [KeyReport]
    }
}
