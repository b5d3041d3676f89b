import Access
import ArgumentParser
import Diagnostics

/// `cortex users enable`: a disabled user may sign in again.
struct UsersEnableCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Enable a disabled user: password and keys are valid again."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption
    @Argument(help: ArgumentHelp("The name the user signs in with.", valueName: "id"))
    var id: String

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withUsers(context.target(database.target)) { users in
            try await users.setActive(id, true, by: context.principal)
        }
        try context.output.result(UserState(userID: id, isActive: true), text: "The user \(id) is enabled.")
        return .done
    }
}
