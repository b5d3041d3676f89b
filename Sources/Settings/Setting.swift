public import Diagnostics

/// A setting with the type of its value: what `EffectiveSettings` is asked with.
public struct Setting<Value: Sendable>: Sendable {
    /// Its names, default and documentation.
    public let definition: SettingDefinition
    /// Makes the value of a text that the definition accepts; nil text: the setting is not set.
    let read: @Sendable (String?) -> Value?
}

extension Setting where Value == String {
    /// `$CORTEX_HOME` as written, possibly relative to the working directory.
    public static var home: Self { Self(definition: .home) { $0 } }
    /// The address of the catalog service.
    public static var host: Self { Self(definition: .host) { $0 } }
    /// Up to where callers without a key may read: a sensitivity, or `none`.
    public static var anonymousClearance: Self { Self(definition: .anonymousClearance) { $0 } }
}

extension Setting where Value == String? {
    /// The coordination tree as written.
    public static var source: Self { Self(definition: .source) { .some($0) } }
    /// The mapping file as written.
    public static var mapping: Self { Self(definition: .mapping) { .some($0) } }
}

extension Setting where Value == [String]? {
    /// The kinds of rows that the published view shows; nil: all.
    public static var publish: Self { Self(definition: .publish) { .some($0.map(SettingKind.list)) } }
}

extension Setting where Value == Secret? {
    /// The connection string of PostgreSQL.
    public static var databaseURL: Self { Self(definition: .databaseURL) { .some($0.map(Secret.init)) } }
    /// The URL of Redis.
    public static var redisURL: Self { Self(definition: .redisURL) { .some($0.map(Secret.init)) } }
}

extension Setting where Value == ByteCount {
    /// The largest record that becomes a row.
    public static var maximumRecordSize: Self { Self(definition: .maximumRecordSize) { $0.flatMap(ByteCount.init) } }
    /// The memory of the cache inside the service; 0: none.
    public static var nearCacheSize: Self { Self(definition: .nearCacheSize) { $0.flatMap(ByteCount.init) } }
}

extension Setting where Value == Int? {
    /// How many records may be quarantined; nil: no limit.
    public static var maximumQuarantined: Self {
        Self(definition: .maximumQuarantined) { .some($0.flatMap { Int($0) }) }
    }
}

extension Setting where Value == Int {
    /// How many requests a second each key may make; 0: as many as it likes.
    public static var keyRate: Self { Self(definition: .keyRate) { $0.flatMap { Int($0) } } }
    /// The port of the catalog service.
    public static var port: Self { Self(definition: .port) { $0.flatMap { Int($0) } } }
}

extension Setting where Value == Bool {
    /// Whether a change over HTTP has to carry `If-Match`.
    public static var requiresIfMatch: Self { Self(definition: .requiresIfMatch) { $0 == "yes" } }
}

extension Setting where Value == Duration {
    /// How long to wait for a connection.
    public static var connectTimeout: Self {
        Self(definition: .connectTimeout) { $0.flatMap { Duration(settingText: $0) } }
    }
}

extension Setting where Value == LogLevelSetting {
    /// How much is said.
    public static var logLevel: Self { Self(definition: .logLevel) { $0.flatMap(LogLevelSetting.init) } }
}

extension Setting where Value == ColorSetting {
    /// When to colour.
    public static var color: Self { Self(definition: .color) { $0.flatMap(ColorSetting.init) } }
}

/// How much a command says on standard error.
public enum LogLevelSetting: String, Sendable, CaseIterable, Comparable {
    /// Only errors.
    case error
    /// Errors and what needs attention.
    case warning
    /// What is being done too.
    case info
    /// Everything.
    case debug

    /// Whether the left level says less.
    public static func < (left: Self, right: Self) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
}

/// When standard error is coloured.
public enum ColorSetting: String, Sendable, CaseIterable {
    /// When it is a terminal.
    case auto
    /// Always.
    case always
    /// Never.
    case never
}

/// A flag as given on the command line for a setting.
public struct SettingFlag: Sendable {
    /// The setting.
    public let definition: SettingDefinition
    /// The text; nil when the flag was not given.
    public let text: String?
    /// How the flag is spelled.
    public let flag: String

    /// A flag for this setting; nil text means that it was not given.
    public init<Value>(_ setting: Setting<Value>, _ text: String?, flag: String? = nil) {
        self.definition = setting.definition
        self.text = text
        self.flag = flag ?? setting.definition.flag ?? "--\(setting.definition.name)"
    }
}
