import Diagnostics
import Yams

/// A `cortex.yaml`: settings by name, each with its line.
///
/// Anything it cannot mean is an error with line and hint.
public struct SettingsFile: Sendable, Equatable {
    /// A value as written.
    struct Entry: Sendable, Equatable {
        let text: String
        let line: Int
    }

    /// The path, for messages.
    public let path: String
    let entries: [String: Entry]

    /// Reads the text of a file; throws with the line of what is wrong.
    public init(text: String, path: String) throws(SettingsError) {
        self.path = path
        let pairs = try Self.pairs(of: text, path: path)
        var entries: [String: Entry] = [:]
        for (key, value) in pairs {
            let line = key.mark?.line ?? 1
            guard let name = key.string else { throw Self.error("a key must be a name", path, line) }
            try Self.checkName(name, path, line)
            guard case .scalar(let scalar) = value else {
                throw Self.error("\(name) must be a single value", path, line)
            }
            let isNull = scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
            guard !isNull else {
                throw Self.error("\(name) has no value", path, line, hint: "Write a value, or remove the line.")
            }
            entries[name] = Entry(text: scalar.string, line: value.mark?.line ?? line)
        }
        for definition in SettingDefinition.all {
            guard let fileName = definition.fileName, let both = entries[fileName], entries[definition.name] != nil
            else { continue }
            throw Self.error(
                "both \(definition.name) and \(fileName) are set",
                path,
                both.line,
                hint: "Keep one of them."
            )
        }
        self.entries = entries
    }

    private static func pairs(of text: String, path: String) throws(SettingsError) -> [(key: Node, value: Node)] {
        let root: Node?
        do {
            root = try compose(yaml: text)
        } catch let error as YamlError {
            throw Self.error(Self.problem(error).text, path, Self.problem(error).line)
        } catch {
            throw SettingsError("\(path) is not valid YAML", cause: error, details: ["path": path])
        }
        switch root {
        case nil: return []
        case .scalar(let scalar) where scalar.string.isEmpty: return []
        case .mapping(let mapping): return mapping.map { ($0.key, $0.value) }
        case let other:
            throw Self.error("expected settings as `name: value` lines", path, other?.mark?.line ?? 1)
        }
    }

    private static func problem(_ error: YamlError) -> (text: String, line: Int) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            ("not valid YAML: \(problem)", mark.line)
        case .duplicatedKeysInMapping(let duplicates, let context):
            ("\(duplicates.sorted().joined(separator: ", ")) is set twice", context.mark.line)
        default:
            ("not valid YAML", 1)
        }
    }

    private static func checkName(_ name: String, _ path: String, _ line: Int) throws(SettingsError) {
        let known = SettingDefinition.all.flatMap { [$0.name, $0.fileName].compactMap(\.self) }
        guard !known.contains(name) else { return }
        let hint =
            closest(to: name, among: known).map { "Did you mean \($0)?" }
            ?? "Known settings: \(known.joined(separator: ", "))."
        throw error("\(name) is not a setting", path, line, hint: hint)
    }

    private static func error(_ text: String, _ path: String, _ line: Int, hint: String? = nil) -> SettingsError {
        SettingsError("\(path):\(line): \(text)", hint: hint, details: ["path": path, "line": "\(line)"])
    }
}

/// The known word that differs from a mistyped one by at most a third of its letters, if there is one.
func closest(to word: String, among known: [String]) -> String? {
    let letters = Array(word.lowercased().replacing("-", with: "_"))
    let best = known.map { ($0, editDistance(letters, Array($0))) }.min { $0.1 < $1.1 }
    guard let best, best.1 <= (best.0.count + 2) / 3 else { return nil }
    return best.0
}

/// Levenshtein's distance, row by row.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var previous = Array(0...right.count)
    for (row, letter) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            let replaced = previous[column] + (letter == other ? 0 : 1)
            current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
        }
        previous = current
    }
    return previous[right.count]
}
