import ArgumentParser

/// `cortex keys`: keys for the HTTP interface.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Keys for the HTTP interface: make, list, revoke.",
        discussion: """
            A key is sent as Authorization: Bearer. It is shown once, when it is made; what is kept is its SHA-256. Keys are in \
            the database, and in a file of the home for as long as there is none. The first administrator's is in \
            secrets/admin.key.
            """,
        subcommands: [KeysCreateCommand.self, KeysListCommand.self, KeysRevokeCommand.self]
    )
}
