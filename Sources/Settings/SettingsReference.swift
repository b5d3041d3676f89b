/// The table of `docs/configuration.md`, made of the definitions.
public enum SettingsReference: Sendable {
    /// A Markdown table with a row for each setting.
    public static var table: String {
        let header = [
            "| `cortex.yaml` | environment | flag | value | default | what for |", "|---|---|---|---|---|---|",
        ]
        return (header + SettingDefinition.all.map(row)).joined(separator: "\n") + "\n"
    }

    private static func row(_ definition: SettingDefinition) -> String {
        let names = [definition.name, definition.fileName].compactMap(\.self).map(code).joined(separator: ", ")
        let variables = [definition.variable, definition.fileVariable].compactMap(\.self).map(code).joined(
            separator: ", "
        )
        let cells = [
            names,
            variables.isEmpty ? "–" : variables,
            definition.flag.map(code) ?? "–",
            definition.kind.explanation,
            definition.defaultText.map(code) ?? "not set",
            definition.documentation,
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    private static func code(_ text: String) -> String { "`\(text)`" }
}
