import Diagnostics
import LosslessJSON

/// Bodies of requests, read strictly.
enum DocumentBody {
    /// The JSON object that a body is.
    static func object(_ body: [UInt8]) throws(CatalogError) -> JSONDocument {
        let document: JSONDocument
        do throws(JSONSyntaxError) {
            document = try JSONDocument(strict: body)
        } catch {
            throw CatalogError(
                .catalogInvalid,
                "the body is not valid JSON",
                cause: error,
                faults: [CatalogError.Fault(pointer: "", message: "not valid JSON: \(error)")]
            )
        }
        guard document.root.kind == .object else { throw .invalid("", "the body must be a JSON object") }
        return document
    }
}
