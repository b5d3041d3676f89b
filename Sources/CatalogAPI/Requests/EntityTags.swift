import Catalog

/// The value of `If-Match` or `If-None-Match`: any version, or these entity tags.
enum EntityTags: Equatable {
    case any
    case tags([Tag])

    /// An entity tag: the text between its quotes.
    struct Tag: Equatable {
        let text: String
        let isWeak: Bool
    }

    /// Reads the value; nil for what is none.
    init?(_ value: String) {
        var rest = value.trimming
        if rest == "*" {
            self = .any
            return
        }
        var tags: [Tag] = []
        repeat {
            let isWeak = rest.hasPrefix("W/")
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == "\"" else { return nil }
            rest = rest.dropFirst()
            guard let end = rest.firstIndex(of: "\"") else { return nil }
            tags.append(Tag(text: String(rest[..<end]), isWeak: isWeak))
            rest = rest[rest.index(after: end)...].trimming
            guard !rest.isEmpty else { break }
            guard rest.first == "," else { return nil }
            rest = rest.dropFirst().trimming
        } while !rest.isEmpty
        self = .tags(tags)
    }

    /// Whether a reader that holds these has the version already: the weak comparison.
    func covers(_ tag: String) -> Bool {
        switch self {
        case .any: true
        case .tags(let tags): tags.contains { $0.text == tag }
        }
    }
}

extension StringProtocol {
    /// Without blanks at its ends.
    var trimming: Substring {
        var rest = Substring(self)
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return rest.drop { $0 == " " || $0 == "\t" }
    }
}
