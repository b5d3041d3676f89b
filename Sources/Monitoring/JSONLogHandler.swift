import Diagnostics
public import Logging

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Log lines as JSON: one object a line with `time`, `level`, `logger`, `message`, `trace_id` and the metadata.
///
/// Passwords in connection strings and API keys are taken out of every text, and the value of a key that is named like a
/// secret is not written at all. Metadata whose key is one of the fixed ones is written with `_` behind it.
public struct JSONLogHandler: LogHandler {
    /// Takes a line, its line feed included; called by any thread.
    public typealias Output = @Sendable (String) -> Void

    /// The least level that is written.
    public var logLevel: Logger.Level
    /// What every line of this logger carries.
    public var metadata: Logger.Metadata = [:]
    /// What the task adds; the trace by default.
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let output: Output
    private let now: @Sendable () -> Date

    /// A handler for the logger of this label.
    ///
    /// Default: level info, lines to standard error, the time of the system's clock.
    public init(
        label: String,
        level: Logger.Level = .info,
        metadataProvider: Logger.MetadataProvider? = .trace,
        output: @escaping Output = StandardErrorLines.write
    ) {
        self.init(label: label, level: level, metadataProvider: metadataProvider, output: output, now: { Date() })
    }

    init(
        label: String,
        level: Logger.Level,
        metadataProvider: Logger.MetadataProvider?,
        output: @escaping Output,
        now: @escaping @Sendable () -> Date
    ) {
        self.label = label
        logLevel = level
        self.metadataProvider = metadataProvider
        self.output = output
        self.now = now
    }

    /// One value of the metadata.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line.
    public func log(event: LogEvent) {
        var members = [
            ("time", JSONLine.quoted(Self.time(now()))), ("level", JSONLine.quoted(event.level.rawValue)),
            ("logger", JSONLine.quoted(label)), ("message", Self.safe(event.message.description)),
        ]
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        if let error = event.error { all["error"] = .string("\(error)") }
        if let trace = all.removeValue(forKey: "trace_id") { members.append(("trace_id", Self.text(trace))) }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            let name = Self.fixed.contains(key) ? key + "_" : key
            members.append((name, Self.isSecret(key) ? "\"<redacted>\"" : Self.text(value)))
        }
        output("{" + members.map { "\(JSONLine.quoted($0)):\($1)" }.joined(separator: ",") + "}\n")
    }

    private static let fixed: Set<String> = ["time", "level", "logger", "message"]

    private static func isSecret(_ key: String) -> Bool {
        let key = key.lowercased()
        return ["password", "secret", "token", "authorization", "api_key", "apikey", "cookie"].contains {
            key.contains($0)
        }
    }

    private static func text(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): safe(text)
        case .stringConvertible(let value): safe(value.description)
        case .array(let values): "[" + values.map(text).joined(separator: ",") + "]"
        case .dictionary(let members):
            "{"
                + members.sorted { $0.key < $1.key }
                .map { "\(JSONLine.quoted($0)):\(isSecret($0) ? "\"<redacted>\"" : text($1))" }.joined(separator: ",")
                + "}"
        }
    }

    private static func safe(_ text: String) -> String { JSONLine.quoted(Redaction.redact(text)) }

    private static func time(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

extension Logger.MetadataProvider {
    /// Adds `trace_id` while a request is being answered.
    public static let trace = Logger.MetadataProvider {
        TraceContext.current.map { ["trace_id": .string($0.traceID.description)] } ?? [:]
    }
}
