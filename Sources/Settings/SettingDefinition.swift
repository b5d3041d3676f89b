/// A setting of Cortex: its names, what it may be, its default and what it is for.
public struct SettingDefinition: Sendable {
    /// The name in `cortex.yaml` and in `cortex config show`.
    public let name: String
    /// The environment variable, where it has one.
    public let variable: String?
    /// The flag of the commands that take it, where it has one.
    public let flag: String?
    /// What its text has to be.
    public let kind: SettingKind
    /// The default as text; nil when the setting is simply not set.
    public let defaultText: String?
    /// Whether it may hold a secret: it is shown redacted, and `<VARIABLE>_FILE` and `<name>_file` name a file with it.
    public let isSecret: Bool
    /// For a variable whose presence alone counts (`NO_COLOR`): the value that its presence stands for.
    public let presenceText: String?
    /// What it is for, in a sentence or two.
    public let documentation: String

    init(
        _ name: String,
        variable: String? = nil,
        flag: String? = nil,
        kind: SettingKind,
        defaultText: String? = nil,
        isSecret: Bool = false,
        presenceText: String? = nil,
        _ documentation: String
    ) {
        self.name = name
        self.variable = variable
        self.flag = flag
        self.kind = kind
        self.defaultText = defaultText
        self.isSecret = isSecret
        self.presenceText = presenceText
        self.documentation = documentation
    }

    /// The variable that names a file with the value; nil for settings that are no secret.
    public var fileVariable: String? { isSecret ? variable.map { $0 + "_FILE" } : nil }

    /// The name in `cortex.yaml` of a file with the value; nil for settings that are no secret.
    public var fileName: String? { isSecret ? name + "_file" : nil }
}
