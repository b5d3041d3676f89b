import Processes

/// Where to look for the programs of PostgreSQL and Redis.
public struct ServerSearch: Sendable {
    /// Directories that are looked through first, in this order: the caller's `PATH`.
    public var path: [String]
    /// Patterns of directories that packages install to without putting them into `PATH`; a `*` stands for one name.
    public var patterns: [String]

    /// Looks through the given `PATH` (colon-separated; the usual system directories by default), then through the
    /// places where Debian, Red Hat and Homebrew put PostgreSQL.
    public init(path: String? = nil) {
        let text = path ?? "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
        self.path = text.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
        self.patterns = [
            "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin",
            "/usr/local/opt/postgresql*/bin", "/opt/homebrew/bin", "/opt/homebrew/opt/redis/bin",
            "/usr/local/opt/redis/bin",
        ]
    }

    /// Looks nowhere but in these directories.
    public init(only directories: [String]) {
        self.path = directories
        self.patterns = []
    }

    /// All directories, links resolved, each once.
    var directories: [String] {
        var seen: Set<String> = []
        return (path + patterns.flatMap(Self.expand)).compactMap(Directory.resolved).filter { seen.insert($0).inserted }
    }

    /// The directories in which all the programs are, where a program that is a link counts for where it leads.
    func directories(holding programs: [String]) -> [String] {
        var seen: Set<String> = []
        guard let first = programs.first else { return [] }
        return directories.compactMap { directory -> String? in
            guard let resolved = Directory.resolved("\(directory)/\(first)") else { return nil }
            let home = Directory.parent(of: resolved)
            return programs.allSatisfy { Directory.exists("\(home)/\($0)") } ? home : nil
        }.filter { seen.insert($0).inserted }
    }

    private static func expand(_ pattern: String) -> [String] {
        guard let star = pattern.firstIndex(of: "*") else { return [pattern] }
        let prefix = pattern[..<star]
        let suffix = pattern[pattern.index(after: star)...]
        let parent = Directory.parent(of: String(prefix) + "x")
        let name = prefix.dropFirst(parent.count + 1)
        return Directory.entries(of: parent).filter { $0.hasPrefix(name) }.map { "\(parent)/\($0)\(suffix)" }
    }
}
