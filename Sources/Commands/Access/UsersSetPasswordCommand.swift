import Access
import ArgumentParser
import Diagnostics

/// `cortex users set-password`: another password for a user.
struct UsersSetPasswordCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-password",
        abstract: "Give a user another password; keys stay as they are."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption
    @OptionGroup var secret: PasswordOption
    @Argument(help: ArgumentHelp("The name the user signs in with.", valueName: "id"))
    var id: String

    func run(in context: CommandContext) async throws -> ExitStatus {
        guard let password = try secret.password(in: context) else {
            throw CommandError(
                .usage,
                "no password is given",
                hint: "Use --password-file FILE or --password-stdin; a password is never an argument."
            )
        }
        let hash = try await PasswordHasher().hash(password)
        try await context.withUsers(context.target(database.target)) { users in
            try await users.setPassword(id, hash, by: context.principal)
        }
        try context.output.result(Changed(userID: id), text: "The user \(id) has another password.")
        return .done
    }

    private struct Changed: Encodable {
        let userID: String

        enum CodingKeys: String, CodingKey {
            case userID = "user_id"
        }
    }
}
