import Diagnostics
import Settings
import Testing

@Suite("cortex.yaml")
struct SettingsFileTests {
    /// A file that must be refused: the line and a part of the message or hint that must appear.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let text: String
        let line: String
        let says: String
        var testDescription: String { says }
    }

    @Test(
        "what it cannot mean is refused with the line and a hint",
        arguments: [
            Refusal(text: "home: a\nhme: b\n", line: "2", says: "Did you mean home?"),
            Refusal(text: "database-url: x\n", line: "1", says: "Did you mean database_url?"),
            Refusal(text: "\n\nsomething_else_entirely: 1\n", line: "3", says: "Known settings:"),
            Refusal(text: "home:\n", line: "1", says: "home has no value"),
            Refusal(text: "home: ~\n", line: "1", says: "home has no value"),
            Refusal(text: "source: a\nhome: [a, b]\n", line: "2", says: "home must be a single value"),
            Refusal(text: "home: {a: b}\n", line: "1", says: "home must be a single value"),
            Refusal(text: "- home\n", line: "1", says: "expected settings"),
            Refusal(text: "just text\n", line: "1", says: "expected settings"),
            Refusal(text: "home: a\nhome: b\n", line: "1", says: "home is set twice"),
            Refusal(text: "port: 1\nhome: \"open\n", line: "3", says: "not valid YAML"),
            Refusal(
                text: "redis_url: redis://h\nredis_url_file: f\n",
                line: "2",
                says: "both redis_url and redis_url_file"
            ),
        ]
    )
    func refuses(_ refusal: Refusal) throws {
        let error = #expect(throws: SettingsError.self) { try SettingsFile(text: refusal.text, path: "cortex.yaml") }
        let failure = try #require(error)
        #expect(failure.code == .settingInvalid)
        #expect("\(failure.message) \(failure.hint ?? "")".contains(refusal.says))
        #expect(failure.details["line"] == refusal.line)
        #expect(failure.message.hasPrefix("cortex.yaml:\(refusal.line): "))
    }

    @Test("an empty file and one of comments set nothing", arguments: ["", "\n", "# nothing\n", "---\n"])
    func empty(text: String) throws {
        let settings = try EffectiveSettings(file: try SettingsFile(text: text, path: "cortex.yaml"))
        #expect(settings.entries.allSatisfy { $0.origin == .builtIn })
    }

    @Test("a value keeps its text as written, quoted or not")
    func values() throws {
        let file = try SettingsFile(text: "home: \"null\"\nport: 0080\nsource: 'a: b'\n", path: "c.yaml")
        let settings = try EffectiveSettings(file: file)
        #expect(settings[.home] == "null")
        #expect(settings[.port] == 80)
        #expect(settings[.source] == "a: b")
        #expect(settings.origin(of: .source) == .file(path: "c.yaml", line: 3))
    }
}
