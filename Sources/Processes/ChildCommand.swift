/// A program with its arguments: what to run, as whom, and where.
///
/// Arguments show up in the machine's process list, so they never carry a secret; input and environment may.
/// The description names program and arguments only.
public struct ChildCommand: Sendable, CustomStringConvertible {
    /// The program: an absolute path.
    public var executable: String
    /// Its arguments, the program's own name left out.
    public var arguments: [String]
    /// Variables besides `minimalEnvironment`; they win over it.
    public var environment: [String: String]
    /// What the program reads from its standard input; nothing by default.
    public var input: [UInt8]
    /// Who runs it: nil means the user of this process.
    ///
    /// Another user can be had by the superuser only.
    public var account: Account?

    /// Makes a command that runs as the current user with the minimal environment and no input.
    public init(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        input: [UInt8] = [],
        account: Account? = nil
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.input = input
        self.account = account
    }

    /// The variables that every child gets, so that a caller's `PGHOST`, `LC_ALL` or `PGOPTIONS` changes nothing.
    public static let minimalEnvironment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C",
        "TZ": "UTC",
    ]

    /// Program and arguments as a shell would take them.
    public var description: String {
        ([executable] + arguments).map(Self.quoted).joined(separator: " ")
    }

    /// The last part of the program's path.
    public var name: String {
        String(executable.split(separator: "/").last ?? Substring(executable))
    }

    private static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte) || (0x30...0x39).contains(byte)
                || "-_./=:,@%+".utf8.contains(byte)
        }
        guard word.isEmpty || !plain else { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
