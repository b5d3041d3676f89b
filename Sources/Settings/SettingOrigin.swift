/// Where the value of a setting came from.
public enum SettingOrigin: Sendable, Equatable, CustomStringConvertible {
    /// A flag of the command line.
    case flag(String)
    /// An environment variable.
    case environment(variable: String)
    /// A file that an environment variable or `cortex.yaml` names.
    case secretFile(path: String, namedBy: String)
    /// A line of `cortex.yaml`.
    case file(path: String, line: Int)
    /// The default.
    case builtIn

    /// `flag --home`, `environment CORTEX_HOME`, `cortex.yaml:3`, `file PATH (DATABASE_URL_FILE)`, `default`.
    public var description: String {
        switch self {
        case .flag(let flag): "flag \(flag)"
        case .environment(let variable): "environment \(variable)"
        case .secretFile(let path, let name): "file \(path) (\(name))"
        case .file(let path, let line): "\(path):\(line)"
        case .builtIn: "default"
        }
    }
}
