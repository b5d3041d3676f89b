import ArgumentParser

/// `cortex cache`: the speed layer.
struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "The speed layer: fill it, check it, explain it, make it anew.",
        discussion: """
            Works on the Redis of the target: the embedded one, or that of REDIS_URL beside a database given by its URL. \
            PostgreSQL is right and Redis is only fast, so none of these commands can lose anything.
            """,
        subcommands: [
            CacheWarmCommand.self, CacheVerifyCommand.self, CacheExplainCommand.self, CacheFlushCommand.self,
            CacheRebuildCommand.self, CacheStatsCommand.self,
        ]
    )
}
