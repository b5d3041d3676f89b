/// How much a finding matters.
public enum FindingSeverity: String, Sendable, Codable, CaseIterable {
    /// Worth knowing.
    case info
    /// Data is odd; nothing is lost.
    case warning
    /// Data could not be used as what it stands for.
    case error
}

/// A data-quality observation about a source file or record, with its place.
public struct Finding: Sendable, Equatable {
    /// The stable rule name, such as `instant_without_zone`; see `FindingRule`.
    public var rule: FindingRule
    /// What was seen, with the offending text shortened to 200 characters; never a secret.
    public var message: String
    /// JSON pointer of the field inside the record, empty for the record itself.
    public var pointer: String
    /// Offset in the file's (or member's) bytes, where known.
    public var byteOffset: Int?
    /// Line, from 1, where known.
    public var line: Int?
    /// Column in bytes, from 1, where known.
    public var column: Int?
    /// A repair as text (`bytes 1011..<1012: "null,"`), where one was found.
    public var proposal: String?

    /// A finding.
    public init(
        rule: FindingRule,
        message: String,
        pointer: String = "",
        byteOffset: Int? = nil,
        line: Int? = nil,
        column: Int? = nil,
        proposal: String? = nil
    ) {
        self.rule = rule
        self.message = message
        self.pointer = pointer
        self.byteOffset = byteOffset
        self.line = line
        self.column = column
        self.proposal = proposal
    }
}

/// The vocabulary of findings: each rule once, with its severity.
public enum FindingRule: String, Sendable, Codable, CaseIterable {
    // MARK: Files

    /// The file is not valid JSON.
    case invalidJSON = "invalid_json"
    /// The file has a JSON name and no byte.
    case emptyFile = "empty_file"
    /// The file has a JSON name and only white space.
    case whitespaceFile = "whitespace_file"
    /// The file starts with a byte-order mark.
    case byteOrderMark = "byte_order_mark"
    /// Text that is not JSON stands around a value.
    case textAroundValue = "text_around_value"
    /// Bytes are not valid UTF-8.
    case invalidUTF8 = "invalid_utf8"
    /// The name is not valid UTF-8 or holds control characters.
    case oddName = "odd_name"
    /// The entry could not be read.
    case unreadableEntry = "unreadable_entry"
    /// The file changed while it was read, more often than we retry.
    case hotFile = "hot_file"
    /// No rule of the mapping takes the file.
    case unmappedFile = "unmapped_file"
    /// The source holds something that cannot be imported, such as a stream of a Redis.
    case notImportable = "not_importable"
    /// Compressed data is damaged or beyond the limits on expansion.
    case compressedInvalid = "compressed_invalid"

    // MARK: Records

    /// A value that stands where records do is none.
    case notARecord = "not_a_record"
    /// A record has none of the ids of its kind.
    case missingID = "missing_id"
    /// A record is larger than the limit.
    case recordTooLarge = "record_too_large"
    /// A record that `jsonb` cannot hold; its text is kept.
    case notStorableAsJSONB = "not_storable_as_jsonb"
    /// An object has a key twice.
    case duplicateKey = "duplicate_key"
    /// A record of the same id has other content.
    case conflictingRecord = "conflicting_record"
    /// The file name and the id in it differ.
    case nameDiffersFromID = "name_differs_from_id"

    // MARK: Values

    /// A time that does not parse as one.
    case notAnInstant = "not_an_instant"
    /// A time without zone; it could be any of 27 hours.
    case instantWithoutZone = "instant_without_zone"
    /// A word that the vocabulary does not know.
    case unknownWord = "unknown_word"
    /// A value of another type than the column's.
    case wrongType = "wrong_type"
    /// A number that the column cannot hold.
    case numberOutOfRange = "number_out_of_range"
    /// Text with U+0000, which PostgreSQL text cannot hold.
    case nulCharacter = "nul_character"
    /// A lone surrogate, which UTF-8 cannot hold.
    case loneSurrogate = "lone_surrogate"
    /// White space around a name.
    case whitespaceInName = "whitespace_in_name"
    /// Two fields give one column different values.
    case contradictingFields = "contradicting_fields"
    /// Text cut for the search index only.
    case searchTextCut = "search_text_cut"
    /// Looks like a secret (JWT, key, password).
    case secretLike = "secret_like"

    // MARK: Relations

    /// A reference to something that no record defines.
    case danglingReference = "dangling_reference"
    /// A chain of references that returns to its start.
    case cyclicReference = "cyclic_reference"
    /// An agent that is named but defined by no file.
    case inferredAgent = "inferred_agent"
    /// Times of one record in an impossible order.
    case timeOrder = "time_order"

    /// How much it matters.
    public var severity: FindingSeverity {
        switch self {
        case .invalidJSON, .unreadableEntry, .hotFile, .compressedInvalid, .recordTooLarge, .missingID, .secretLike:
            .error
        case .emptyFile, .whitespaceFile, .byteOrderMark, .unmappedFile, .inferredAgent, .searchTextCut,
            .nameDiffersFromID, .notARecord:
            .info
        case .notImportable, .textAroundValue, .invalidUTF8, .oddName, .notStorableAsJSONB, .duplicateKey,
            .conflictingRecord, .notAnInstant, .instantWithoutZone, .unknownWord, .wrongType, .numberOutOfRange,
            .nulCharacter, .loneSurrogate, .whitespaceInName, .contradictingFields, .danglingReference,
            .cyclicReference, .timeOrder:
            .warning
        }
    }
}
