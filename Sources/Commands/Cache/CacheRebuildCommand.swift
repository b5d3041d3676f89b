import ArgumentParser
import Diagnostics
import RedisSource
import SourceTree
import SyncMiddleware

/// `cortex cache rebuild`: makes the published view anew.
struct CacheRebuildCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Make the published view anew from PostgreSQL.",
        discussion: """
            In place: readers see each row as it was or as it is. What no row says is taken out. Keys of the view in a \
            Redis that is not ours are touched only when what they hold was imported (cortex migrate --source redis://…), \
            or with --adopt.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption
    @Flag(help: "Take over keys that are there and are not ours, and a view of another database.")
    var adopt = false

    func run(in context: CommandContext) async throws -> ExitStatus {
        let report = try await context.withCache(context.target(database.target)) { stores in
            let maintenance = stores.maintenance
            let office = try await maintenance.view.office()
            if !adopt, try await maintenance.view.isForeign() {
                try await checkImported(stores, in: context)
                return try await maintenance.view.rebuild(office, isAdopting: true)
            }
            return try await maintenance.view.rebuild(office, isAdopting: adopt)
        }
        try context.output.result(
            report,
            text: "\(report.rows) rows published, \(report.removed) places taken out that no row says."
        )
        return .done
    }

    /// Throws `view.foreign` unless everything that the view's keys hold is among the imported files.
    private func checkImported(_ stores: CacheStores, in context: CommandContext) async throws {
        let source = RedisSource(url: stores.redis)
        let missing = try await context.withTree(of: .redis(source)) { root in
            try await ImportedCatalog(root: root.path).missing(stores.postgres)
        }
        guard let first = missing.first else {
            context.output.note("The catalog in \(source.label) was imported; its keys are taken over.")
            return
        }
        throw CommandError(
            .viewForeign,
            "the keys of the published view exist in \(source.label), are not ours, and \(missing.count) values of them "
                + "were not imported; none was touched",
            hint: "Import them first: cortex migrate --source with the URL of this Redis, then cortex cache rebuild. "
                + "Or take them over without: cortex cache rebuild --adopt.",
            details: ["first": first, "count": "\(missing.count)"]
        )
    }
}
