import ArgumentParser
import Diagnostics
import EmbeddedServers
import Foundation
import LoadGeneration
import Processes
import Settings

/// `cortex bench`: a load test of a running service.
struct BenchCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Put load on a running service: latencies, hit rate, stale reads.",
        discussion: """
            Makes assets of its own (bench-…), reads and writes them for a while, and deletes them; nothing else is touched. \
            Without --rate each client begins its next request when the last is answered; with it requests begin at that rate \
            whatever the service does, and latencies count from when they were due. A read is stale when it gives less than what \
            was acknowledged before it was sent. The key is that of --key-file; without --url it is the first \
            administrator's of this home, where there is one.
            """
    )

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("How long the load lasts.", valueName: "duration"))
    var duration = "30s"
    @Option(help: ArgumentHelp("How many connections, each with one request under way.", valueName: "n"))
    var clients = 32
    @Option(help: ArgumentHelp("How much of it reads and writes.", valueName: "read=n,write=n"))
    var mix = "read=80,write=20"
    @Option(help: ArgumentHelp("Requests a second that are begun, whatever the service does.", valueName: "n"))
    var rate: Double?
    @Option(help: ArgumentHelp("How many documents are read and written.", valueName: "n"))
    var documents = 1_000
    @Option(help: ArgumentHelp("The service (default: http://HOST:PORT of the settings).", valueName: "url"))
    var url: String?
    @Option(help: ArgumentHelp("The file that holds the key to present.", valueName: "file"))
    var keyFile: String?

    func run(in context: CommandContext) async throws -> ExitStatus {
        let plan = try plan(in: context)
        context.output.note("\(plan.clients) clients on \(plan.service) for \(duration)")
        let report = try await LoadTest(plan, run: String(UInt32.random(in: .min ... .max), radix: 36)).run()
        try context.output.result(report, text: Self.text(report))
        return .done
    }

    private func plan(in context: CommandContext) throws -> LoadPlan {
        let host = context.settings[.host]
        let text = url ?? "http://\(host.contains(":") ? "[\(host)]" : host):\(context.settings[.port])"
        guard let service = ServiceAddress(text) else {
            throw CommandError(.usage, "--url takes the address of a service", hint: "As in http://127.0.0.1:3000.")
        }
        guard let time = Duration(settingText: duration) else {
            throw CommandError(.usage, "--duration takes a duration", hint: "As in --duration 30s.")
        }
        guard let mix = LoadMix(mix) else {
            throw CommandError(.usage, "--mix takes parts that read and write", hint: "As in --mix read=80,write=20.")
        }
        var plan = LoadPlan(service: service)
        plan.duration = time
        plan.clients = clients
        plan.mix = mix
        plan.rate = rate
        plan.documents = documents
        plan.key = try key(in: context)
        return plan
    }

    private func key(in context: CommandContext) throws -> Secret? {
        if let keyFile {
            guard let text = try SmallFile.readText(context.path(keyFile)), !text.isEmpty else {
                throw CommandError(
                    .cannotRead,
                    "there is no key in \(keyFile)",
                    hint: "cortex keys create > FILE makes one."
                )
            }
            return Secret(text)
        }
        // The key of this home must not go to another service than that of this machine.
        guard url == nil else { return nil }
        return try SmallFile.readText(CortexHome(context.home).secrets + "/admin.key").map(Secret.init)
    }

    private static func text(_ report: LoadReport) -> String {
        func number(_ value: Double, _ digits: Int = 1) -> String { String(format: "%.\(digits)f", value) }
        let statuses = report.byStatus.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(
            separator: ", "
        )
        let hits = report.hitRatio.map { "\(number($0 * 100)) % without PostgreSQL" } ?? "not said"
        return TextTable(
            ["what", "how much"],
            [
                [
                    "requests",
                    "\(report.requests) (\(report.reads) reads, \(report.writes) writes) in \(number(report.seconds)) s",
                ],
                ["requests a second", number(report.throughput, 0)],
                [
                    "latency p50, p95, p99",
                    [report.latency.p50, report.latency.p95, report.latency.p99].map { number($0, 2) }
                        .joined(separator: ", ") + " ms",
                ],
                ["longest", "\(number(report.latency.max, 2)) ms"],
                ["answers", statuses],
                ["failed", "\(report.errors)"],
                [
                    "reads from",
                    "\(report.cache.near) near, \(report.cache.redis) redis, \(report.cache.postgres) postgres: \(hits)",
                ],
                ["stale reads", "\(report.staleReads), at most \(number(report.maximumStalenessMilliseconds, 0)) ms"],
            ]
        ).description
    }
}
