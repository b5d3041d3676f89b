import Diagnostics

/// A setting as it stands: its text and where that came from.
public struct EffectiveSetting: Sendable {
    /// Its names, default and documentation.
    public let definition: SettingDefinition
    /// Where the value came from.
    public let origin: SettingOrigin
    let text: String?

    /// The value as it may be shown: passwords redacted; nil when the setting is not set.
    public var shownText: String? {
        text.map(Redaction.redact)
    }
}

/// The settings of a process, built once at the edge: flags win over the environment, that over `cortex.yaml`, that
/// over the defaults.
///
/// Every value is valid; each knows its origin.
public struct EffectiveSettings: Sendable {
    /// Reads a file that a setting names; throws when it cannot.
    public typealias FileReader = (_ path: String) throws -> String

    /// All settings, in the order of `SettingDefinition.all`.
    public let entries: [EffectiveSetting]

    /// Settles every setting.
    ///
    /// An empty variable counts as not set. A secret may come from the file that `<VARIABLE>_FILE` names; both at once is
    /// an error. Throws `setting.invalid` with the origin of the first value that cannot be used.
    public init(
        flags: [SettingFlag] = [],
        environment: [String: String] = [:],
        file: SettingsFile? = nil,
        readFile: FileReader = readSettingFile
    ) throws(SettingsError) {
        let sources = Sources(flags: flags, environment: environment.filter { !$0.value.isEmpty }, file: file)
        var entries: [EffectiveSetting] = []
        for definition in SettingDefinition.all {
            let entry = try sources.settle(definition, readFile: readFile)
            try Self.check(entry)
            entries.append(entry)
        }
        self.entries = entries
    }

    /// The value of a setting.
    public subscript<Value>(_ setting: Setting<Value>) -> Value {
        guard let entry = entries.first(where: { $0.definition.name == setting.definition.name }),
            let value = setting.read(entry.text)
        else { preconditionFailure("setting \(setting.definition.name) was not settled") }
        return value
    }

    /// Where the value of a setting came from.
    public func origin<Value>(of setting: Setting<Value>) -> SettingOrigin {
        entries.first { $0.definition.name == setting.definition.name }?.origin ?? .builtIn
    }

    private static func check(_ entry: EffectiveSetting) throws(SettingsError) {
        guard let text = entry.text, let problem = entry.definition.kind.problem(with: text) else { return }
        let name = entry.definition.name
        let shown = entry.definition.isSecret ? "" : ", not \"\(text.prefix(80))\""
        throw SettingsError(
            "\(name) (\(entry.origin)) \(problem)\(shown)",
            hint: "cortex config show lists every setting with its source.",
            details: ["setting": name, "origin": "\(entry.origin)"]
        )
    }
}

/// The three places that a setting can be written in.
private struct Sources {
    let flags: [SettingFlag]
    let environment: [String: String]
    let file: SettingsFile?

    func settle(
        _ definition: SettingDefinition,
        readFile: EffectiveSettings.FileReader
    ) throws(SettingsError) -> EffectiveSetting {
        if let flag = flags.last(where: { $0.definition.name == definition.name && $0.text != nil }) {
            return EffectiveSetting(definition: definition, origin: .flag(flag.flag), text: flag.text)
        }
        if let entry = try fromEnvironment(definition, readFile: readFile) { return entry }
        if let entry = try fromFile(definition, readFile: readFile) { return entry }
        return EffectiveSetting(definition: definition, origin: .builtIn, text: definition.defaultText)
    }

    private func fromEnvironment(
        _ definition: SettingDefinition,
        readFile: EffectiveSettings.FileReader
    ) throws(SettingsError) -> EffectiveSetting? {
        guard let variable = definition.variable else { return nil }
        let value = environment[variable]
        if let fileVariable = definition.fileVariable, let path = environment[fileVariable] {
            guard value == nil else {
                throw SettingsError(
                    "both \(variable) and \(fileVariable) are set",
                    hint: "Unset one of them.",
                    details: ["setting": definition.name]
                )
            }
            return try secret(definition, path: path, namedBy: fileVariable, readFile: readFile)
        }
        if let value {
            let text = definition.presenceText ?? value
            return EffectiveSetting(definition: definition, origin: .environment(variable: variable), text: text)
        }
        guard definition.name == SettingDefinition.databaseURL.name,
            let connection = PostgresVariables.connection(in: environment)
        else { return nil }
        let names = connection.variables.joined(separator: ", ")
        return EffectiveSetting(definition: definition, origin: .environment(variable: names), text: connection.text)
    }

    private func fromFile(
        _ definition: SettingDefinition,
        readFile: EffectiveSettings.FileReader
    ) throws(SettingsError) -> EffectiveSetting? {
        guard let file else { return nil }
        if let name = definition.fileName, let entry = file.entries[name] {
            return try secret(definition, path: entry.text, namedBy: "\(file.path):\(entry.line)", readFile: readFile)
        }
        guard let entry = file.entries[definition.name] else { return nil }
        return EffectiveSetting(
            definition: definition,
            origin: .file(path: file.path, line: entry.line),
            text: entry.text
        )
    }

    /// The content of a file without the line end that editors add.
    private func secret(
        _ definition: SettingDefinition,
        path: String,
        namedBy name: String,
        readFile: EffectiveSettings.FileReader
    ) throws(SettingsError) -> EffectiveSetting {
        var text: String
        do {
            text = try readFile(path)
        } catch {
            throw SettingsError(
                "cannot read \(path), which \(name) names",
                code: .cannotRead,
                hint: "The file must exist and be readable by this user.",
                cause: error,
                details: ["setting": definition.name, "path": path]
            )
        }
        while text.last?.isNewline == true { text.removeLast() }
        return EffectiveSetting(definition: definition, origin: .secretFile(path: path, namedBy: name), text: text)
    }
}
