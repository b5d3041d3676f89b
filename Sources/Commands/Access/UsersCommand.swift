import ArgumentParser

/// `cortex users`: people who sign in.
struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users",
        abstract: "Users who sign in with a password, and whose keys follow them: make, list, disable, set a password.",
        discussion: """
            A password is never an argument. It comes from --password-file, from a line on standard input with \
            --password-stdin, or from the file that CORTEX_PASSWORD_FILE names.
            """,
        subcommands: [
            UsersCreateCommand.self, UsersListCommand.self, UsersDisableCommand.self, UsersEnableCommand.self,
            UsersSetPasswordCommand.self,
        ]
    )
}
