import Diagnostics
import LosslessJSON

/// Bodies of requests, read strictly.
enum DocumentBody {
    /// Deeper nesting is refused: documents are for people and programs, not for parsers' stacks.
    private static let limits = JSONLimits(maximumDepth: 64)

    /// The JSON value that a body is.
    static func value(_ body: [UInt8]) throws(CatalogError) -> JSONDocument {
        do throws(JSONSyntaxError) {
            return try JSONDocument(strict: body, limits: limits)
        } catch {
            throw CatalogError(
                .catalogInvalid,
                "the body is not valid JSON",
                cause: error,
                faults: [CatalogError.Fault(pointer: "", message: "not valid JSON: \(error)")]
            )
        }
    }

    /// A document of ours, or what a patch made of one: as deep as what was imported.
    static func stored(_ body: [UInt8]) throws(CatalogError) -> JSONDocument {
        do throws(JSONSyntaxError) {
            return try JSONDocument(strict: body, limits: JSONLimits(maximumDepth: 10_000))
        } catch {
            throw CatalogError(.internal, "a stored document is not valid JSON", cause: error)
        }
    }

    /// The JSON object that a body is.
    static func object(_ body: [UInt8]) throws(CatalogError) -> JSONDocument {
        let document = try value(body)
        guard document.root.kind == .object else { throw .invalid("", "the body must be a JSON object") }
        return document
    }
}
