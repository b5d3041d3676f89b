import Access
import ArgumentParser
import Diagnostics
import Foundation

/// `cortex keys revoke`: a key that is not valid any more.
struct KeysRevokeCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke a key; within a second no instance takes it any more.",
        discussion: "Revoking it again changes nothing. A revoked key stays in the list."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption
    @Argument(
        help: ArgumentHelp("The id of the key: its first 16 digits, as cortex keys list shows them.", valueName: "id")
    )
    var id: String

    func run(in context: CommandContext) async throws -> ExitStatus {
        guard let keyID = APIKeyID(id) else {
            // Somebody may have given the whole key, which must not be shown again.
            throw CommandError(.usage, "this is no id of a key", hint: "It has 16 digits; cortex keys list shows it.")
        }
        let isKnown = try await context.withAccess(context.target(database.target)) { stores in
            try await stores.keys.revoke(keyID, by: context.principal, at: Date())
        }
        guard isKnown else {
            throw CommandError(
                .notFound,
                "there is no key \(keyID)",
                hint: "cortex keys list shows those that there are."
            )
        }
        try context.output.result(Revoked(keyID: keyID.description), text: "The key \(keyID) is revoked.")
        return .done
    }

    private struct Revoked: Encodable {
        let keyID: String

        enum CodingKeys: String, CodingKey {
            case keyID = "key_id"
        }
    }
}
