import LosslessJSON

/// JSON text that encodes as the value it says: `JSONEncoder` has no way to take text as it is.
///
/// Numbers that a `Decimal` of 38 digits cannot hold are written as strings, so that nothing is rounded silently.
struct JSONText: Encodable {
    private let root: JSONValue?
    private let text: String

    init(_ text: String) {
        self.text = text
        // Text that does not parse (it came from PostgreSQL, so it does) is shown as a string.
        self.root = try? JSONDocument(strict: Array(text.utf8)).root
    }

    func encode(to encoder: any Encoder) throws {
        if let root {
            try JSONTextValue(value: root).encode(to: encoder)
        } else {
            var container = encoder.singleValueContainer()
            try container.encode(text)
        }
    }
}

/// One value of a JSON text.
///
/// Its depth is bounded by the reader's limit.
private struct JSONTextValue: Encodable {
    let value: JSONValue

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        switch value.kind {
        case .object:
            var container = encoder.container(keyedBy: Key.self)
            for member in value.members {
                try container.encode(
                    JSONTextValue(value: member.value),
                    forKey: Key(stringValue: String(decoding: member.key.unescaped, as: UTF8.self))
                )
            }
        case .array:
            var container = encoder.unkeyedContainer()
            for element in value.elements { try container.encode(JSONTextValue(value: element)) }
        case .string:
            var container = encoder.singleValueContainer()
            try container.encode(value.string ?? String(decoding: value.rawText, as: UTF8.self))
        case .number:
            var container = encoder.singleValueContainer()
            let text = value.numberText ?? ""
            if let integer = Int64(text) {
                try container.encode(integer)
            } else if let double = Double(text), "\(double)" == text {
                try container.encode(double)
            } else {
                try container.encode(text)
            }
        case .true, .false:
            var container = encoder.singleValueContainer()
            try container.encode(value.kind == .true)
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        }
    }
}
