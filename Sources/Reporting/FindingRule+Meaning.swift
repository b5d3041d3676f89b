public import Domain

extension FindingRule {
    /// What the finding means for the data and what is done about it, in a sentence or two.
    public var meaning: String {
        switch self {
        case .invalidJSON:
            "The file is not valid JSON. Its bytes are kept; it counts as one quarantined record, with the place of the "
                + "error and, where one was found, a repair that `--accept-repairs` applies to the record."
        case .emptyFile: "The file has a JSON name and no byte. It is kept; there is nothing in it to move."
        case .whitespaceFile:
            "The file has a JSON name and only white space. It is kept; there is nothing in it to move."
        case .byteOrderMark:
            "The file starts with a byte-order mark, which is skipped for reading and kept in the bytes."
        case .textAroundValue:
            "Text that is not JSON stands before or after a value. The value is read, the text kept in the bytes."
        case .invalidUTF8: "Bytes are not valid UTF-8. The bytes are kept; shown text has U+FFFD in their place."
        case .oddName: "The name is not valid UTF-8 or holds control characters. The path is kept byte for byte."
        case .unreadableEntry:
            "The entry could not be read. It is listed with the reason; nothing of its content was moved."
        case .hotFile:
            "The file changed while it was read, more often than reading is retried. A later pass has to get it."
        case .unmappedFile: "No rule of the mapping takes the file. Its bytes are kept; no row is made of it."
        case .notImportable:
            "The source holds something that cannot be imported, such as a stream of a Redis. It is listed; its content "
                + "stays where it is."
        case .compressedInvalid:
            "Compressed data is damaged or expands beyond the limits. The compressed bytes are kept."
        case .notARecord: "A value that stands where records do is none, such as a null in a list of tasks."
        case .missingID:
            "A record has none of the ids of its kind, so no row can be told apart by it. It is quarantined."
        case .recordTooLarge: "A record is larger than `--max-record`. Its bytes are kept; it is quarantined."
        case .notStorableAsJSONB: "`jsonb` cannot hold the record, such as one with `\\u0000`. Its exact text is kept."
        case .duplicateKey:
            "An object has a key twice. Readers differ on which one counts; the last one is used, both are kept."
        case .conflictingRecord:
            "Another record of the same id has other content. One wins by rank and time; `cortex explain` shows all."
        case .nameDiffersFromID: "The file name and the id in the file differ. The id in the file is used."
        case .notAnInstant: "A time does not parse as one. The column stays NULL; the text is kept beside it."
        case .instantWithoutZone:
            "A time has no zone, so it could be any of 27 hours. The column stays NULL; the text is kept."
        case .unknownWord: "The vocabulary does not know a word. The column stays NULL; the word is kept beside it."
        case .wrongType:
            "A value has another type than its column. The column stays NULL; the value is kept in `metadata`."
        case .numberOutOfRange:
            "The column cannot hold a number. The column stays NULL; the number is kept in `metadata`."
        case .nulCharacter:
            "Text holds U+0000, which PostgreSQL's text cannot hold. The exact text is kept in the source."
        case .loneSurrogate:
            "Text holds half of a surrogate pair, which UTF-8 cannot hold. The exact text is kept in the source."
        case .whitespaceInName:
            "White space stands around a name. The name is used as written and linked to the one without."
        case .contradictingFields:
            "Two fields give one column different values. The mapping's first is used, the other kept in `metadata`."
        case .searchTextCut:
            "A text is longer than the search index takes. Only the index has it cut; the column is whole."
        case .secretLike:
            "A value looks like a secret (token, key, password). Consider revoking it: it is in the tree and now here."
        case .danglingReference:
            "A reference names something that no record defines. The name is kept; the foreign key stays NULL."
        case .cyclicReference:
            "A chain of references returns to its start. It is kept; walks over it end at the repetition."
        case .inferredAgent: "An agent is named but defined by no file. A row with `origin = inferred` stands for it."
        case .timeOrder:
            "Times of one record are in an impossible order, such as completed before created. They are kept as they are."
        }
    }
}
