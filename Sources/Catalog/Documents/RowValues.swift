import Domain

/// The values of a document's fields by name; a field that is not there is null.
struct RowValues: Sendable, Equatable {
    private(set) var values: [String: MappedValue] = [:]

    /// The value of a field.
    subscript(_ name: String) -> MappedValue {
        get { values[name] ?? .null }
        set { values[name] = newValue == .null ? nil : newValue }
    }

    /// The sensitivity; documents that have none are internal.
    var sensitivity: Sensitivity { self["sensitivity"].asText.flatMap(Sensitivity.init) ?? .unstated }
}
