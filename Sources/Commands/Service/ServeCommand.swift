import Access
import ArgumentParser
import Diagnostics
import Domain
import Settings

/// `cortex serve`: the catalog service, until a signal ends it.
struct ServeCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the catalog over HTTP, in whatever mode the system is in.",
        discussion: """
            Ends on SIGTERM or SIGINT: requests under way are answered first. Callers need a key (cortex keys create); the \
            first one is in secrets/admin.key under the home. When the mode changes the service goes along. docs/http.md \
            has the routes, docs/limits.md the limits.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption

    @Option(help: "The port to listen on (default: PORT, else 3000); 0 for one that the kernel chooses.")
    var port: Int?
    @Option(help: ArgumentHelp("The address to listen on (default: HOST, else 127.0.0.1).", valueName: "address"))
    var host: String?
    @Option(help: ArgumentHelp("The tree to serve in mode json (default: CORTEX_SOURCE).", valueName: "dir"))
    var source: String?
    @Option(
        help: ArgumentHelp(
            "The port for /metrics, /livez, /readyz and /admin (default: that of the service); 0 for one that the kernel chooses.",
            valueName: "port"
        )
    )
    var adminPort: Int?
    @Flag(help: "Let everybody in, with all rights; on loopback only.")
    var insecureLocal = false

    var settingFlags: [SettingFlag] {
        [
            SettingFlag(.port, port.map(String.init)), SettingFlag(.host, host, flag: "--host"),
            SettingFlag(.source, source),
        ]
    }

    var handlesSignals: Bool { true }

    func validate() throws {
        if let adminPort, !(0...65_535).contains(adminPort) {
            throw ValidationError("--admin-port must be 0 to 65535")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        if insecureLocal { try Loopback.requireInsecureLocal(on: context.settings[.host]) }
        let selection = try context.target(database.target)
        try await CatalogService(context, selection, isInsecureLocal: insecureLocal, operationPort: adminPort).run()
        return .done
    }
}
