import Diagnostics
import Settings
import Testing

@Suite("Effective settings")
struct EffectiveSettingsTests {
    private struct Missing: Error {}

    @Test("flags win over the environment, that over cortex.yaml, that over the default")
    func precedence() throws {
        let file = try SettingsFile(text: "home: from-file\n", path: "cortex.yaml")
        let environment = ["CORTEX_HOME": "from-environment"]
        let flag = SettingFlag(.home, "from-flag")

        let all = try EffectiveSettings(flags: [flag], environment: environment, file: file)
        #expect(all[.home] == "from-flag")
        #expect("\(all.origin(of: .home))" == "flag --home")

        let two = try EffectiveSettings(flags: [SettingFlag(.home, nil)], environment: environment, file: file)
        #expect(two[.home] == "from-environment")
        #expect("\(two.origin(of: .home))" == "environment CORTEX_HOME")

        let one = try EffectiveSettings(file: file)
        #expect(one[.home] == "from-file")
        #expect("\(one.origin(of: .home))" == "cortex.yaml:1")

        let none = try EffectiveSettings()
        #expect(none[.home] == ".cortex")
        #expect("\(none.origin(of: .home))" == "default")
    }

    @Test("the defaults are the documented ones, and every setting is settled once")
    func defaults() throws {
        let settings = try EffectiveSettings()
        #expect(settings.entries.map(\.definition.name) == SettingDefinition.all.map(\.name))
        #expect(Set(settings.entries.map(\.definition.name)).count == settings.entries.count)
        #expect(settings[.source] == nil)
        #expect(settings[.mapping] == nil)
        #expect(settings[.databaseURL] == nil)
        #expect(settings[.redisURL] == nil)
        #expect(settings[.maximumRecordSize].bytes == 8 << 20)
        #expect(settings[.maximumQuarantined] == nil)
        #expect(settings[.connectTimeout] == .seconds(10))
        #expect(settings[.host] == "127.0.0.1")
        #expect(settings[.port] == 3_000)
        #expect(settings[.logLevel] == .info)
        #expect(settings[.color] == .auto)
    }

    @Test("an empty variable counts as not set")
    func emptyVariable() throws {
        let settings = try EffectiveSettings(environment: ["CORTEX_HOME": "", "NO_COLOR": ""])
        #expect(settings[.home] == ".cortex")
        #expect(settings[.color] == .auto)
    }

    @Test("NO_COLOR with any text means never, and --color wins over it")
    func noColor() throws {
        #expect(try EffectiveSettings(environment: ["NO_COLOR": "1"])[.color] == .never)
        #expect(
            try EffectiveSettings(flags: [SettingFlag(.color, "always")], environment: ["NO_COLOR": "1"])[.color]
                == .always
        )
    }

    @Test(
        "a value that cannot be used is refused with its name and origin",
        arguments: [
            ("PORT", "-1", "port"), ("PORT", "65536", "port"), ("PORT", "http", "port"),
            ("CORTEX_LOG_LEVEL", "loud", "log_level"),
            ("CORTEX_MAX_RECORD", "8 apples", "max_record"), ("CORTEX_MAX_RECORD", "1", "max_record"),
            ("CORTEX_MAX_QUARANTINED", "-1", "max_quarantined"), ("CORTEX_CONNECT_TIMEOUT", "10", "connect_timeout"),
            ("CORTEX_CONNECT_TIMEOUT", "0s", "connect_timeout"), ("DATABASE_URL", "localhost", "database_url"),
        ]
    )
    func refuses(variable: String, text: String, name: String) throws {
        let error = #expect(throws: SettingsError.self) { try EffectiveSettings(environment: [variable: text]) }
        let failure = try #require(error)
        #expect(failure.code == .settingInvalid)
        #expect(failure.code.meaning.exitStatus == .usage)
        #expect(failure.details["setting"] == name)
        #expect(failure.message.contains(variable))
    }

    @Test("a secret comes from the file that the _FILE variable names, without its line end")
    func secretFile() throws {
        let settings = try EffectiveSettings(environment: ["DATABASE_URL_FILE": "secrets/url"]) { path throws in
            #expect(path == "secrets/url")
            return "postgres://u:hunter2@h/d\r\n\n"
        }
        #expect(settings[.databaseURL]?.reveal() == "postgres://u:hunter2@h/d")
        #expect("\(settings.origin(of: .databaseURL))" == "file secrets/url (DATABASE_URL_FILE)")
    }

    @Test("a secret comes from the file that cortex.yaml names")
    func secretFileOfFile() throws {
        let file = try SettingsFile(text: "redis_url_file: r\n", path: "cortex.yaml")
        let settings = try EffectiveSettings(file: file) { _ in "redis://h" }
        #expect(settings[.redisURL]?.reveal() == "redis://h")
        #expect("\(settings.origin(of: .redisURL))" == "file r (cortex.yaml:1)")
    }

    @Test("a secret both as a variable and as a file is refused")
    func secretTwice() {
        #expect(throws: SettingsError.self) {
            try EffectiveSettings(environment: ["REDIS_URL": "redis://a", "REDIS_URL_FILE": "b"]) { _ in "redis://c" }
        }
    }

    @Test("a secret file that cannot be read is an error with its cause")
    func secretFileMissing() throws {
        let error = #expect(throws: SettingsError.self) {
            try EffectiveSettings(environment: ["REDIS_URL_FILE": "b"]) { _ in throw Missing() }
        }
        let failure = try #require(error)
        #expect(failure.code == .cannotRead)
        #expect(failure.cause is Missing)
    }

    @Test("no shown value, description or error holds a password")
    func noSecretShown() throws {
        let canary = "hunter2canary"
        let environment = [
            "DATABASE_URL": "postgres://u:\(canary)@h/d?password=\(canary)", "REDIS_URL": "redis://:\(canary)@h",
        ]
        let settings = try EffectiveSettings(environment: environment)
        #expect(settings[.databaseURL]?.reveal().contains(canary) == true)
        for entry in settings.entries {
            #expect(entry.shownText?.contains(canary) != true)
        }
        #expect(!"\(settings[.databaseURL] as Any)".contains(canary))
        let error = #expect(throws: SettingsError.self) { try EffectiveSettings(environment: ["DATABASE_URL": canary]) }
        #expect(!"\(try #require(error))".contains(canary))
    }
}

@Suite("libpq's variables")
struct PostgresVariablesTests {
    @Test("they become a connection string where one of them names a server")
    func connection() throws {
        let settings = try EffectiveSettings(environment: [
            "PGHOST": "db.example", "PGPORT": "6000", "PGUSER": "o'brien", "PGPASSWORD": #"a b\c"#,
        ])
        #expect(
            settings[.databaseURL]?.reveal() == #"host=db.example port=6000 user='o\'brien' password='a b\\c'"#
        )
        #expect("\(settings.origin(of: .databaseURL))" == "environment PGHOST, PGPORT, PGUSER, PGPASSWORD")
        let shown = settings.entries.first { $0.definition.name == "database_url" }?.shownText
        #expect(shown?.contains(#"b\\c"#) == false)
    }

    @Test("without a server they mean nothing, and DATABASE_URL wins over them")
    func others() throws {
        #expect(try EffectiveSettings(environment: ["PGUSER": "me", "PGPASSWORD": "x"])[.databaseURL] == nil)
        let both = ["DATABASE_URL": "postgres://h/d", "PGHOST": "other"]
        #expect(try EffectiveSettings(environment: both)[.databaseURL]?.reveal() == "postgres://h/d")
    }
}
