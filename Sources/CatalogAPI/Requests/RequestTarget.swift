import Diagnostics

/// The path and query of a request: split first, decoded afterwards, so that `%2F` is a part of an id.
struct RequestTarget: Equatable {
    /// The path's segments, still encoded; `/` has none.
    let segments: [Substring]
    /// The query, still encoded; nil without one.
    let query: Substring?
    /// The path as it came.
    let path: Substring

    /// Reads a target in origin or absolute form; nil for `*` and what is no path.
    init?(_ text: String) {
        var rest = Substring(text)
        if !rest.hasPrefix("/") {
            guard let scheme = rest.firstRange(of: "://") else { return nil }
            rest = rest[scheme.upperBound...].drop { $0 != "/" && $0 != "?" }
            if rest.isEmpty { rest = "/" }
        }
        rest = rest.prefix { $0 != "#" }
        let mark = rest.firstIndex(of: "?")
        path = mark.map { rest[..<$0] } ?? rest
        query = mark.map { rest[rest.index(after: $0)...] }
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        segments = parts == [""] ? [] : parts
    }

    /// The parameters of the query.
    ///
    /// Throws `request.invalid` for a name that stands twice, and for what is not encoded as it should be.
    func parameters() throws -> [String: String] {
        guard let query, !query.isEmpty else { return [:] }
        var parameters: [String: String] = [:]
        for part in query.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentCoding.decoded(pair[0], plusIsSpace: true),
                let value = PercentCoding.decoded(pair.count > 1 ? pair[1] : "", plusIsSpace: true)
            else {
                throw APIError.invalid(parameter: String(pair[0]), "a query parameter is not percent-encoded UTF-8")
            }
            guard parameters.updateValue(value, forKey: name) == nil else {
                throw APIError.invalid(parameter: name, "the parameter stands twice")
            }
        }
        return parameters
    }
}
