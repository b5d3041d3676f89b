import Access
import ArgumentParser
import Diagnostics

/// `cortex users list`: the users, those that a tree brought included.
struct UsersListCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the users, those that a migration brought included."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption

    func run(in context: CommandContext) async throws -> ExitStatus {
        let users = try await context.withUsers(context.target(database.target)) { try await $0.list() }.map(
            UserReport.init
        )
        let table = TextTable(["user", "role", "state", "password", "name", "e-mail"], users.map(\.cells))
        try context.output.result(
            Listing(users: users),
            text: users.isEmpty ? "There are no users." : table.description
        )
        return .done
    }

    private struct Listing: Encodable {
        let users: [UserReport]
    }
}
