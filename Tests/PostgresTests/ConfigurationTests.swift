import Diagnostics
import Testing

@testable import Postgres

@Suite("PostgresConfiguration")
struct ConfigurationTests {
    static let canary = "canary4711"

    @Test("No form of a configuration shows its password")
    func passwordIsHidden() throws {
        let configuration = try PostgresConfiguration(
            url: "postgresql://me:\(Self.canary)@db.example:6000/books?sslmode=require"
        )
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(configuration.description == "db.example:6000/books as me")
        for text in [dumped, "\(configuration)", String(reflecting: configuration)] {
            #expect(!text.contains(Self.canary))
        }
    }

    @Test(
        "A URL that cannot be read is refused without being shown",
        arguments: [
            "postgres:/me:canary4711@host/db", "postgresql://me:canary4711%zz@host/db", "canary4711",
            "host=x password='canary4711", "postgresql://me:canary4711@[::1/db", "postgresql://h/db?canary4711=1",
            "host=a\u{0}canary4711",
        ]
    )
    func unreadableURL(_ url: String) throws {
        let error = try #require(throws: PostgresError.self) { try PostgresConfiguration(url: url) }
        #expect(error.code == .settingInvalid)
        for text in [error.description, error.debugDescription, "\(error.details)", error.hint ?? ""] {
            #expect(!text.contains(Self.canary))
        }
    }

    @Test("Settings that decoding relies on win over the URL's, other options stay")
    func effectiveParameters() throws {
        let parameters = try ConnectionParameters(
            url: "host=/tmp dbname=x client_encoding=LATIN1 options='-c work_mem=1MB' keepalives_idle=5"
        )
        let effective = parameters.effective(applicationName: "cortex", statementTimeout: .milliseconds(1_500))
        func value(_ keyword: String) -> [String] { effective.filter { $0.keyword == keyword }.map(\.value) }
        #expect(value("client_encoding") == ["UTF8"])
        #expect(value("keepalives_idle") == ["5"])
        #expect(value("fallback_application_name") == ["cortex"])
        let options = try #require(value("options").first)
        #expect(options.hasPrefix("-c jit=off -c work_mem=1MB "))
        #expect(options.contains("-c statement_timeout=1500"))
    }

    struct FailureCase: Sendable, CustomTestStringConvertible {
        let text: String
        let code: String
        let sqlState: String?
        let hint: String
        var testDescription: String { text }
    }

    @Test(
        "The reason of a refused connection becomes code, SQLSTATE and hint",
        arguments: [
            FailureCase(
                text:
                    "connection to server at \"127.0.0.1\", port 1 failed: Connection refused\n\tIs the server running?\n",
                code: "postgres.unavailable",
                sqlState: nil,
                hint: "cortex up"
            ),
            FailureCase(
                text:
                    "connection to server at \"h\" failed: FATAL:  28P01: password authentication failed\nLOCATION:  x, y.c:1\n",
                code: "postgres.authentication",
                sqlState: "28P01",
                hint: "passfile"
            ),
            FailureCase(
                text:
                    "connection to server at \"h\" failed: FATAL:  3D000: database \"x\" does not exist\nLOCATION:  x\n",
                code: "postgres.unavailable",
                sqlState: "3D000",
                hint: "create it"
            ),
            FailureCase(
                text: "connection to server failed: FATAL:  53300: sorry, too many clients already",
                code: "postgres.unavailable",
                sqlState: "53300",
                hint: "max_connections"
            ),
            FailureCase(
                text: "connection to server failed: FATAL:  57P03: the database system is starting up",
                code: "postgres.unavailable",
                sqlState: "57P03",
                hint: "starting up"
            ),
            FailureCase(
                text: "connection to server failed: VERHÄNGNISVOLL:  28000: Rolle »x« existiert nicht",
                code: "postgres.authentication",
                sqlState: "28000",
                hint: "pg_hba"
            ),
            FailureCase(
                text: "could not translate host name \"nowhere\" to address: Name or service not known",
                code: "postgres.unavailable",
                sqlState: nil,
                hint: "host's name"
            ),
            FailureCase(
                text: "connection to server failed: SSL error: certificate verify failed",
                code: "postgres.unavailable",
                sqlState: nil,
                hint: "sslrootcert"
            ),
        ]
    )
    func connectFailures(_ row: FailureCase) {
        let error = ConnectFailure(libpqMessage: row.text).error(place: "h", needsPassword: false)
        #expect(error.code.rawValue == row.code)
        #expect(error.sqlState == row.sqlState)
        #expect(error.hint?.contains(row.hint) == true)
        #expect(!error.message.contains("LOCATION"))
        #expect(!error.message.contains("\n"))
    }
}
