import Access
import ArgumentParser
import Diagnostics

/// `cortex users disable`: a user who may not sign in any more.
struct UsersDisableCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Disable a user: within a second neither password nor keys are valid any more."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption
    @Argument(help: ArgumentHelp("The name the user signs in with.", valueName: "id"))
    var id: String

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withUsers(context.target(database.target)) { users in
            try await users.setActive(id, false, by: context.principal)
        }
        try context.output.result(UserState(userID: id, isActive: false), text: "The user \(id) is disabled.")
        return .done
    }
}

/// Whether a user may sign in now.
struct UserState: Encodable {
    let userID: String
    let isActive: Bool

    enum CodingKeys: String, CodingKey {
        case userID = "user_id"
        case isActive = "is_active"
    }
}
