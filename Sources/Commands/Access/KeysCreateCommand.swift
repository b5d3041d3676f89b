import Access
import ArgumentParser
import Diagnostics
import Domain
import Foundation
import Settings

/// `cortex keys create`: a new key, shown once.
struct KeysCreateCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a key and show it, once.",
        discussion: """
            The key is the only thing on standard output, so that it can be put into a file: cortex keys create > key. What it \
            may do does not change later: revoke it and make another one.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption
    @Option(help: ArgumentHelp("What its holder may do: read, write, admin (everything).", valueName: "scopes"))
    var scope = "read"
    @Option(
        help: ArgumentHelp(
            "Up to where its holder may read: public, internal, confidential, restricted, secret or nothing.",
            valueName: "sensitivity"
        )
    )
    var clearance = "internal"
    @Option(help: ArgumentHelp("How long it is valid, as in 90d or 12h (default: for ever).", valueName: "duration"))
    var expires: String?
    @Option(help: ArgumentHelp("What it is for, in words.", valueName: "text"))
    var label: String?
    @Option(
        help: ArgumentHelp("The user whose key it is; it is not valid while that user is disabled.", valueName: "id")
    )
    var user: String?

    func run(in context: CommandContext) async throws -> ExitStatus {
        let now = Date()
        let key = APIKey.generate()
        let record = APIKeyRecord(
            key,
            userID: user,
            label: label,
            scopes: try scopes(),
            clearance: try sensitivity(),
            createdAt: now,
            createdBy: context.principal,
            expiresAt: try lifetime().map { now + $0 }
        )
        try await context.withAccess(context.target(database.target)) { try await $0.keys.add(record) }
        let created = Created(key: key.text.reveal(), record: KeyReport(record, at: now))
        try context.output.result(created, text: created.key)
        context.output.note("key \(key.id): keep it now, it is not shown again")
        return .done
    }

    private func scopes() throws(CommandError) -> AccessScopes {
        guard let scopes = AccessScopes(names: scope.split(separator: ",").map(String.init)), !scopes.isEmpty else {
            throw CommandError(.usage, "--scope takes read, write and admin", hint: "As in --scope read,write.")
        }
        return scopes
    }

    private func sensitivity() throws(CommandError) -> Sensitivity? {
        if clearance == "nothing" { return nil }
        guard let sensitivity = Sensitivity(rawValue: clearance) else {
            let words = Sensitivity.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandError(.usage, "--clearance takes \(words) or nothing", hint: "As in --clearance confidential.")
        }
        return sensitivity
    }

    private func lifetime() throws(CommandError) -> TimeInterval? {
        guard let expires else { return nil }
        guard let duration = Duration(settingText: expires), duration > .zero else {
            throw CommandError(
                .usage,
                "--expires takes a duration above zero",
                hint: "As in --expires 90d, 12h or 30m."
            )
        }
        return TimeInterval(duration.components.seconds)
    }

    /// The key with what is kept of it.
    private struct Created: Encodable {
        let key: String
        let record: KeyReport
    }
}
