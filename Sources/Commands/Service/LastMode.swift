import Domain
import Processes

/// The mode in which the service last ran, in a file of the home.
///
/// Where PostgreSQL cannot be asked, a home that last had its data there must not serve the tree, which is old.
struct LastMode {
    private let path: String

    init(home: String) {
        path = home + "/run/last-mode"
    }

    /// What was noted; nil where nothing was.
    func read() throws -> SystemMode? {
        try SmallFile.readText(path).flatMap { SystemMode(rawValue: $0.replacing("\n", with: "")) }
    }

    /// Notes the mode.
    func note(_ mode: SystemMode) throws {
        try SmallFile.write(text: mode.rawValue + "\n", to: path)
    }
}
