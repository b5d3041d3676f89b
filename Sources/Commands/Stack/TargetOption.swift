import ArgumentParser

/// `--target` of the commands that work on a database.
struct TargetOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The database: local, or the URL of a PostgreSQL that is already there (default: DATABASE_URL, else local).",
            valueName: "local|url"
        )
    )
    var target: String?
}
