import Diagnostics
import Processes

/// Who the servers run as.
enum ServerAccount {
    /// The user that PostgreSQL's packages make.
    static let name = "postgres"

    /// The caller, or the user `postgres` when the caller is the superuser, whom PostgreSQL refuses to serve.
    ///
    /// Throws `not_permitted` when that user does not exist.
    static func resolve(
        caller: Account = .current,
        find: (String) -> Account? = { Account.named($0) }
    ) throws(EmbeddedServersError) -> Account {
        guard caller.isSuperuser else { return caller }
        if let account = find(name), !account.isSuperuser { return account }
        throw EmbeddedServersError(
            .notPermitted,
            "PostgreSQL does not run as root, and there is no user `\(name)` to run it as",
            hint: "Create the user (useradd --system \(name)), or run cortex as an ordinary user.",
            details: ["user": name]
        )
    }
}
