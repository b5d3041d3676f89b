import Diagnostics
import Testing

@testable import SchemaMigration

@Suite("SQL scripts")
struct SQLScriptTests {
    struct Cutting: CustomTestStringConvertible {
        let title: String
        let text: String
        let statements: [String]
        var testDescription: String { title }
    }

    static let cuttings = [
        Cutting(title: "nothing", text: " \n-- only a comment;\n/* and; another */ ;;", statements: []),
        Cutting(
            title: "a last one without semicolon",
            text: "SELECT 1; SELECT 2",
            statements: ["SELECT 1", "SELECT 2"]
        ),
        Cutting(
            title: "quotes",
            text: "SELECT 'a;''b;', \";\"; SELECT 2",
            statements: ["SELECT 'a;''b;', \";\"", "SELECT 2"]
        ),
        Cutting(
            title: "no escapes in plain quotes",
            text: #"SELECT '\'; SELECT 2"#,
            statements: [#"SELECT '\'"#, "SELECT 2"]
        ),
        Cutting(
            title: "escapes in E quotes",
            text: #"SELECT E'\';', 1; SELECT 2"#,
            statements: [#"SELECT E'\';', 1"#, "SELECT 2"]
        ),
        Cutting(
            title: "a word that ends with e",
            text: #"SELECT date'\'; SELECT 2"#,
            statements: [#"SELECT date'\'"#, "SELECT 2"]
        ),
        Cutting(
            title: "dollar quotes",
            text: "DO $$ a; $b$ c; $$; SELECT 2",
            statements: ["DO $$ a; $b$ c; $$", "SELECT 2"]
        ),
        Cutting(
            title: "tagged dollar quotes",
            text: "DO $b$ $$; $b $b$; SELECT 2",
            statements: ["DO $b$ $$; $b $b$", "SELECT 2"]
        ),
        Cutting(
            title: "dollars in names and parameters",
            text: "SELECT a$b, $1; SELECT c$",
            statements: ["SELECT a$b, $1", "SELECT c$"]
        ),
        Cutting(
            title: "nested comments",
            text: "/* /* ; */ ; */ SELECT 1 /* ; */ + 1; SELECT 2",
            statements: ["SELECT 1 /* ; */ + 1", "SELECT 2"]
        ),
        Cutting(
            title: "line comments",
            text: "SELECT 1 -- ; '\n + 1; SELECT 2 - - 1",
            statements: ["SELECT 1 -- ; '\n + 1", "SELECT 2 - - 1"]
        ),
        Cutting(
            title: "brackets",
            text: "CREATE RULE r AS DO (SELECT 1; SELECT 2); SELECT 3",
            statements: ["CREATE RULE r AS DO (SELECT 1; SELECT 2)", "SELECT 3"]
        ),
        Cutting(
            title: "an atomic body",
            text:
                "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
            statements: [
                "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
                "SELECT 3",
            ]
        ),
        Cutting(
            title: "CASE outside of an atomic body",
            text: "CREATE FUNCTION f() RETURNS int RETURN CASE WHEN true THEN 1 END; SELECT 2",
            statements: ["CREATE FUNCTION f() RETURNS int RETURN CASE WHEN true THEN 1 END", "SELECT 2"]
        ),
        Cutting(
            title: "letters beyond ASCII",
            text: "SELECT 'é;', ü; SELECT 2",
            statements: ["SELECT 'é;', ü", "SELECT 2"]
        ),
        Cutting(title: "numbers", text: "SELECT 1e5, 0x1F; SELECT 2", statements: ["SELECT 1e5, 0x1F", "SELECT 2"]),
    ]

    @Test("are cut where PostgreSQL ends a statement", arguments: cuttings)
    func cuts(_ cutting: Cutting) throws {
        #expect(try SQLScript(cutting.text, file: "x").statements.map(\.text) == cutting.statements)
    }

    @Test(
        "that do not close what they open are refused with the line",
        arguments: [
            ("SELECT 1;\nSELECT 'a", "x, line 2: a quote is not closed"),
            ("SELECT \"a", "x, line 1: a quote is not closed"),
            (#"SELECT E'a\'"#, "x, line 1: a quote is not closed"),
            ("\n/* /* */", "x, line 2: a comment is not closed"),
            ("DO $a$ b $$", "x, line 1: a dollar quote is not closed"),
            ("SELECT\n(1", "x, line 2: a bracket is not closed"),
            ("CREATE FUNCTION f()\nBEGIN ATOMIC SELECT 1;", "x, line 2: a BEGIN or CASE is not closed"),
        ]
    )
    func refusesUnclosed(_ text: String, _ message: String) {
        #expect { try SQLScript(text, file: "x") } throws: { ($0 as? SchemaError)?.message == message }
    }

    @Test(
        "that begin or end a transaction cannot be used",
        arguments: [
            "BEGIN", "begin work", "START TRANSACTION", "COMMIT", "END", "ABORT", "ROLLBACK", "PREPARE TRANSACTION 'x'",
        ]
    )
    func refusesTransactions(_ statement: String) throws {
        let script = try SQLScript("SELECT 1;\n\(statement);", file: "x.up.sql")
        #expect { try script.checkUsable() } throws: {
            let error = $0 as? SchemaError
            return error?.code == .schemaMigrationFailed && error?.details["line"] == "2"
        }
    }

    @Test(
        "may use savepoints, and words that only look like transactions",
        arguments: [
            "SAVEPOINT a", "ROLLBACK TO SAVEPOINT a", "RELEASE SAVEPOINT a", "SELECT 'commit'", "PREPARE p AS SELECT 1",
        ]
    )
    func allows(_ statement: String) throws {
        try SQLScript(statement, file: "x").checkUsable()
    }

    @Test("know the line of a character of a statement, whatever it takes in UTF-8")
    func lines() throws {
        let script = try SQLScript("-- a\n\nSELECT 'ééé',\n  b;\nSELECT c", file: "x")
        #expect(script.statements.map(\.line) == [3, 5])
        #expect(script.statements[0].line(atCharacter: 1) == 3)
        #expect(script.statements[0].line(atCharacter: 14) == 3)
        #expect(script.statements[0].line(atCharacter: 15) == 4)
    }
}
