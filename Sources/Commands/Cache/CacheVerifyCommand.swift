import ArgumentParser
import Diagnostics
import SyncMiddleware

/// `cortex cache verify`: compares cached documents and the published view with PostgreSQL.
struct CacheVerifyCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare what Redis holds with PostgreSQL; exits with 2 when something differs.",
        discussion: """
            Cached documents are compared by version and body, the published view key family by key family, both ways. \
            What differs is looked at again after a second: changes on their way are no differences. Each one that is \
            left is told with its reason and with what is known of how it came about.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption
    @Option(help: "Compare only about so many cached documents, chosen by chance, and not the view.")
    var sample: Int?
    @Option(help: "How many differences are told at most.")
    var limit = 100
    @Flag(help: "Make good what differs: delete wrong cached keys, make the view anew; then compare again.")
    var repair = false

    func validate() throws {
        if let sample, sample < 1 { throw ValidationError("--sample must be at least 1") }
        if limit < 0 { throw ValidationError("--limit cannot be negative") }
        if repair, sample != nil { throw ValidationError("--repair compares everything: leave out --sample") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let found = try await context.withCache(context.target(database.target)) { stores in
            // A repair needs to know all that is wrong, not only what is told.
            let first = try await stores.maintenance.verify(sample: sample, limit: repair ? 10_000 : limit)
            guard repair, first.report.mismatches > 0 else { return first }
            context.output.note("\(first.report.mismatches) differences found; making them good.")
            try await stores.maintenance.repair(first)
            return try await stores.maintenance.verify(sample: nil, limit: limit)
        }
        try context.output.result(found, text: Self.text(found))
        return found.report.mismatches == 0 ? .done : .differences
    }

    static func text(_ found: CacheVerification) -> String {
        let report = found.report
        var lines = [
            "\(report.checked) compared, \(report.mismatches) different, \(report.nines) nines"
                + (report.settled > 0 ? "; \(report.settled) were on their way" : "")
                + ". The view is \(found.view.rawValue)."
        ]
        for mismatch in report.keys {
            let place = mismatch.member.map { " \($0)" } ?? ""
            let versions = [
                mismatch.actualVersion.map { "cached \($0)" }, mismatch.expectedVersion.map { "row \($0)" },
            ]
            .compactMap { $0 }.joined(separator: ", ")
            lines.append(
                "\(mismatch.reason.rawValue)  \(mismatch.key)\(place)" + (versions.isEmpty ? "" : "  (\(versions))")
            )
            lines += mismatch.history.map { "    \($0)" }
        }
        return lines.map { TerminalText.safe($0) }.joined(separator: "\n")
    }
}
