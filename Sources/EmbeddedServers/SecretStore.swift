import Diagnostics
import Processes

/// The generated passwords of a home: one file per login, and a passfile for each PostgreSQL role.
struct SecretStore: Sendable {
    /// The directory, 0700.
    let directory: String

    /// The password of a login, which is made on first use, and whether it was made now.
    func password(_ login: String) throws -> (secret: Secret, isNew: Bool) {
        if let known = try existing(login) { return (known, false) }
        let secret = Secret.generated()
        try SmallFile.write(text: secret.reveal() + "\n", to: file(login))
        return (secret, true)
    }

    /// The password of a login if there is one.
    func existing(_ login: String) throws -> Secret? {
        guard let text = try SmallFile.readText(file(login)), !text.isEmpty else { return nil }
        return Secret(text)
    }

    /// The passfile with which libpq signs a role in.
    func passfile(_ role: String) -> String { "\(directory)/\(role).pgpass" }

    /// Writes the role's passfile unless it is right already.
    func writePassfile(_ role: String, _ secret: Secret) throws {
        let line = "*:*:*:\(role):\(secret.reveal())"
        guard try SmallFile.readText(passfile(role)) != line || Directory.mode(of: passfile(role)) != 0o600 else {
            return
        }
        try SmallFile.write(text: line + "\n", to: passfile(role))
    }

    private func file(_ login: String) -> String { "\(directory)/\(login).password" }
}
