import Crypto

/// One numbered change of the schema: how to make it, how to check it, how to undo it.
///
/// The verification must stay true after every later step, that of a step that compares all grants until the next such step;
/// `SchemaRehearsal` holds it to that.
public struct SchemaStep: Sendable, Hashable {
    /// The number, from 1 without gaps.
    public let number: Int
    /// The name, in lower case with underscores.
    public let name: String
    /// The statements that make the change.
    public let up: String
    /// Statements that succeed, and return no boolean other than true, exactly if the change is there.
    ///
    /// What they write is always rolled back.
    public let verify: String
    /// The statements that undo the change.
    public let down: String

    /// A step with its three texts, which are checked when a `MigrationCatalogue` takes it.
    public init(number: Int, name: String, up: String, verify: String, down: String) {
        self.number = number
        self.name = name
        self.up = up
        self.verify = verify
        self.down = down
    }

    /// Whether its verification compares all grants with a list.
    var comparesGrants: Bool { name == "grants" || name.hasSuffix("_grants") }

    /// SHA-256 of the three texts, each followed by U+0000 (which SQL text cannot hold), in lower-case hexadecimal.
    public var checksum: String {
        var hash = SHA256()
        for text in [up, verify, down] {
            hash.update(data: Array(text.utf8))
            hash.update(data: [0])
        }
        return hash.finalize().map(Self.hexadecimal).joined()
    }

    /// Number and name, such as `0004_tasks`: the first part of the names of its files.
    public var label: String { Self.label(number, name) }

    static func label(_ number: Int, _ name: String) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_" + name
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}

/// Which of the three texts of a step.
enum StepPart: String, CaseIterable {
    case up, verify, down
}

extension SchemaStep {
    /// The name of the file that holds the text, such as `0004_tasks.up.sql`.
    func fileName(_ part: StepPart) -> String { "\(label).\(part.rawValue).sql" }

    /// The statements of a text.
    func script(_ part: StepPart) throws(SchemaError) -> SQLScript {
        let text =
            switch part {
            case .up: up
            case .verify: verify
            case .down: down
            }
        return try SQLScript(text, file: fileName(part))
    }
}
