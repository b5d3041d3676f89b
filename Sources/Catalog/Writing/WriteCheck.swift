import Domain

extension CatalogWrite {
    /// Holds what the client may and expects against the present document, which is hidden from those who may not see it.
    ///
    /// Throws `catalog.exists`, `catalog.precondition`, `not_found`.
    func check(_ current: StoredDocument?) throws(CatalogError) {
        if case .create = operation {
            if let current { throw precondition == .absent ? .stale(current.token) : .exists(current.token) }
        } else {
            guard let current, current.sensitivity <= author.clearance else { throw .missing(key) }
        }
        switch (precondition, current) {
        case (.none, _), (.exists, _?), (.absent, nil): break
        case (.anyOf(let tokens), let current?):
            guard tokens.contains(where: current.has) else { throw .stale(current.token) }
        case (.exists, nil), (.anyOf, nil): throw .stale(nil)
        case (.absent, let current?): throw .stale(current.token)
        }
    }
}

extension StoredDocument {
    /// Whether a token names the version that the document has.
    ///
    /// A token of the tree names a row that says the same; of a row's token nothing is left in the tree to compare, so that
    /// no client breaks when the data moves back.
    fileprivate func has(_ token: VersionToken) -> Bool {
        switch token {
        case .row(_, let named): tier == .file || named == version
        case .record: token == .record(of: body, version: version)
        }
    }
}
