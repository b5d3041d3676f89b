import Diagnostics

/// What is wrong with a request, or cannot be done about it, beyond what the catalog says itself.
struct APIError: CortexError {
    /// The stable code.
    let code: ErrorCode
    /// What happened, in one sentence.
    let message: String
    /// What to do next.
    let hint: String?
    /// The JSON pointer of the place in the body; nil where it is none.
    let pointer: String?
    /// The query parameter or header field; nil where it is none.
    let parameter: String?
    /// The HTTP status where it is not that of the code.
    let status: Int?
    /// Header fields of the answer, such as `Allow`.
    let fields: [String: String]

    init(
        _ code: ErrorCode,
        _ message: String,
        hint: String? = nil,
        pointer: String? = nil,
        parameter: String? = nil,
        status: Int? = nil,
        fields: [String: String] = [:]
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.pointer = pointer
        self.parameter = parameter
        self.status = status
        self.fields = fields
    }

    /// A query parameter or header field that cannot be used.
    static func invalid(parameter: String, _ message: String) -> APIError {
        APIError(.requestInvalid, message, parameter: parameter)
    }

    /// There is no such document, or none that the caller may see: the same answer for both.
    static var missing: APIError { APIError(.notFound, "there is no such document") }
}
