import Access
import ArgumentParser
import Diagnostics

/// `cortex users create`: a new user.
struct UsersCreateCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a user; without a password the user has keys alone."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption
    @OptionGroup var secret: PasswordOption
    @Argument(help: ArgumentHelp("The name to sign in with.", valueName: "id"))
    var id: String
    @Option(
        help: ArgumentHelp(
            "admin (everything), editor (writes, reads up to confidential) or viewer (reads up to internal).",
            valueName: "role"
        )
    )
    var role = "viewer"
    @Option(help: ArgumentHelp("The name as people write it.", valueName: "text"))
    var fullName: String?
    @Option(help: ArgumentHelp("The e-mail address.", valueName: "address"))
    var email: String?

    func run(in context: CommandContext) async throws -> ExitStatus {
        guard let role = UserRole(rawValue: role) else {
            let words = UserRole.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandError(.usage, "--role takes \(words)", hint: "As in --role editor.")
        }
        let password = try secret.password(in: context)
        var user = UserRecord(userID: id, role: role, fullName: fullName, email: email)
        let made = user
        try await context.withUsers(context.target(database.target)) { users in
            let hasher = PasswordHasher()
            let hash = if let password { try await hasher.hash(password) } else { PasswordHash?.none }
            try await users.create(made, passwordHash: hash, by: context.principal)
        }
        user.hasPassword = password != nil
        let ending = user.hasPassword ? "." : ", without a password."
        try context.output.result(UserReport(user), text: "The user \(id) is made" + ending)
        return .done
    }
}
