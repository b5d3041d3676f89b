/// What a row is now, on its way into the published view.
struct ViewChange: Sendable, Equatable {
    let kind: ViewKind
    let id: String
    let version: Int
    /// All that it makes true; nothing for a row that is gone or hidden.
    let facts: [ViewFact]
    /// What changed it, for the messages; nil sends none.
    let news: News?
    /// Whether readers saw it when it was looked at, and what depends on its being shown was therefore left as it is.
    var wasVisible = false

    /// A row of the change feed, as far as messages tell it.
    struct News: Sendable, Equatable {
        /// `insert`, `update` or `delete`.
        let action: String
        /// RFC 3339.
        let at: String
    }

    /// The row as it was read.
    init(_ kind: ViewKind, _ row: ViewRow, news: News? = nil) {
        self.kind = kind
        id = row.id
        version = row.version
        facts = row.facts
        self.news = news
    }

    /// A row that is not there.
    init(gone id: String, _ kind: ViewKind, version: Int, news: News? = nil) {
        self.kind = kind
        self.id = id
        self.version = version
        facts = []
        self.news = news
    }

    /// Whether readers of the view see anything of it.
    var isVisible: Bool { facts.contains { !$0.isPrivate } }

    /// The message `{"type","action","id","version","at"}`; what readers do not see any more is deleted for them.
    func message(visible: Bool, news: News) -> [UInt8] {
        let action = visible ? (news.action == "delete" ? "update" : news.action) : "delete"
        return Array("{\"type\":\"\(kind.noun)\",\"action\":\"\(action)\",\"id\":".utf8) + ViewText.quoted(id)
            + Array(",\"version\":\(version),\"at\":\"\(news.at)\"}".utf8)
    }

    /// About how many bytes it takes to send.
    var size: Int {
        facts.reduce(256 + id.utf8.count) { $0 + $1.key.utf8.count + $1.member.utf8.count + $1.value.count }
    }
}

/// JSON strings for the few documents that the view makes itself.
enum ViewText {
    /// The text as a JSON string.
    static func quoted(_ text: String) -> [UInt8] {
        var result = [UInt8(ascii: "\"")]
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: result += Array("\\u00".utf8) + [hex(byte >> 4), hex(byte & 15)]
            default: result.append(byte)
            }
        }
        result.append(UInt8(ascii: "\""))
        return result
    }

    private static func hex(_ digit: UInt8) -> UInt8 { digit < 10 ? 0x30 + digit : 0x61 + digit - 10 }
}
