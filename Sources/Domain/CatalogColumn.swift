/// What a column of a public table holds.
public enum ColumnType: String, Sendable {
    /// Any text without U+0000.
    case text
    /// A whole number of 64 bits.
    case integer = "bigint"
    /// An exact decimal.
    case numeric
    /// True or false.
    case boolean
    /// A point in time, microseconds.
    case instant = "timestamptz"
    /// JSON kept as its exact text.
    case json
    /// A list of texts.
    case textArray = "text[]"
    /// A 128-bit id.
    case uuid
}

/// A column of a public table that a record can fill.
public struct CatalogColumn: Sendable, Hashable {
    /// The name in SQL, in documents and in the mapping.
    public let name: String
    /// What it holds.
    public let type: ColumnType
    /// For a foreign key: the column with the name as written, and the table whose key that name must be.
    ///
    /// Such a column is never mapped: loading sets it to the raw text where that row exists, else NULL.
    public let reference: Reference?

    /// A foreign key that is derived from a raw column.
    public struct Reference: Sendable, Hashable {
        /// The column that holds the name as written.
        public let rawColumn: String
        /// The table that the name refers to.
        public let table: String
    }

    static func text(_ name: String) -> Self { Self(name: name, type: .text, reference: nil) }
    static func integer(_ name: String) -> Self { Self(name: name, type: .integer, reference: nil) }
    static func numeric(_ name: String) -> Self { Self(name: name, type: .numeric, reference: nil) }
    static func boolean(_ name: String) -> Self { Self(name: name, type: .boolean, reference: nil) }
    static func json(_ name: String) -> Self { Self(name: name, type: .json, reference: nil) }
    static func texts(_ name: String) -> Self { Self(name: name, type: .textArray, reference: nil) }
    static func uuid(_ name: String) -> Self { Self(name: name, type: .uuid, reference: nil) }
    static func instant(_ name: String) -> Self { Self(name: name, type: .instant, reference: nil) }

    /// The raw text and the foreign key that follows from it.
    static func reference(_ name: String, raw: String, to table: String) -> [Self] {
        [.text(raw), Self(name: name, type: .text, reference: Reference(rawColumn: raw, table: table))]
    }

    /// The instant `<stem>_at` and `<stem>_at_raw`, the text as written where it is not exactly that instant.
    static func time(_ stem: String) -> [Self] {
        [.instant("\(stem)_at"), .text("\(stem)_at_raw")]
    }
}
