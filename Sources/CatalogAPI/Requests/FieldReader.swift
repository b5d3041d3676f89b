import Diagnostics
import LosslessJSON

/// The members of a JSON object in a body: each of a known name and the right type, or 400 with its pointer.
struct FieldReader {
    private let object: JSONValue

    /// Throws `request.invalid` for what is no object, and for the first name that is not among those given.
    init(_ object: JSONValue, names: [String]) throws {
        guard object.kind == .object else {
            throw APIError(.requestInvalid, "the body has to be an object", pointer: "")
        }
        for (key, _) in object.members {
            guard let name = key.string, names.contains(name) else {
                let shown = key.string ?? ""
                throw APIError(.requestInvalid, "there is no field \"\(shown)\" here", pointer: Self.pointer(shown))
            }
        }
        self.object = object
    }

    /// The member's value, whatever it is; nil where it is missing or null.
    func value(_ name: String) -> JSONValue? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    /// A text; nil where it is missing or null.
    func string(_ name: String) throws -> String? {
        guard let value = value(name) else { return nil }
        guard value.kind == .string, let text = value.string, !value.hasNUL else {
            throw wrong(name, "a text without U+0000")
        }
        return text
    }

    /// A whole number within a range; nil where it is missing or null.
    func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = value.integer.flatMap({ Int(exactly: $0) }), range.contains(number) else {
            throw wrong(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// One of some words.
    func word(_ name: String, of words: [String]) throws -> String? {
        guard let text = try string(name) else { return nil }
        guard words.contains(text) else { throw wrong(name, "one of \(words.joined(separator: ", "))") }
        return text
    }

    private func wrong(_ name: String, _ what: String) -> APIError {
        APIError(.requestInvalid, "the field has to be \(what)", pointer: Self.pointer(name))
    }

    /// The JSON pointer of a member of the body.
    static func pointer(_ name: String) -> String {
        "/" + JSONPointer.escaped(name)
    }
}
