/// A text with places that are filled from a path: `masters.{3|slug}`.
///
/// `{name}` is the last part of the path, `{stem}` that without its last extension, `{path}` the whole path, `{folder}`
/// the path without its last part, `{2}` the second part, `{2+}` the parts from the second on. `|slug` makes lower-case
/// words joined with `_` of it, `|dotted` the same of each part, joined with dots. What a path does not have is empty.
struct AssetTemplate: Sendable, Hashable {
    private enum Piece: Hashable {
        case text(String)
        case place(Source, Filter)
    }

    private enum Source: Hashable {
        case name, stem, path, folder
        case part(Int)
        case parts(from: Int)
    }

    private enum Filter: String, Hashable {
        case none, slug, dotted
    }

    /// What is wrong with a template.
    struct TemplateError: Error, Equatable {
        let message: String
    }

    private let pieces: [Piece]

    init(_ text: String) throws(TemplateError) {
        var pieces: [Piece] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
            guard let close = rest[open...].firstIndex(of: "}") else { throw TemplateError(message: "`{` without `}`") }
            pieces.append(try Self.place(rest[rest.index(after: open)..<close]))
            rest = rest[rest.index(after: close)...]
        }
        guard !rest.contains("}") else { throw TemplateError(message: "`}` without `{`") }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        self.pieces = pieces
    }

    private static func place(_ text: Substring) throws(TemplateError) -> Piece {
        let parts = text.split(separator: "|", omittingEmptySubsequences: false)
        guard let source = source(parts[0]) else {
            throw TemplateError(
                message: "`{\(text)}`: there are name, stem, path, folder, a number, and a number with +"
            )
        }
        guard parts.count > 1 else { return .place(source, .none) }
        guard parts.count == 2, let filter = Filter(rawValue: String(parts[1])), filter != .none else {
            throw TemplateError(message: "`{\(text)}`: there are the filters slug and dotted")
        }
        return .place(source, filter)
    }

    private static func source(_ word: Substring) -> Source? {
        switch word {
        case "name": return .name
        case "stem": return .stem
        case "path": return .path
        case "folder": return .folder
        default:
            let isOpen = word.hasSuffix("+")
            guard let number = Int(isOpen ? word.dropLast() : word), (1...99).contains(number) else { return nil }
            return isOpen ? .parts(from: number) : .part(number)
        }
    }

    // MARK: Filling

    /// The text for the parts of a path, as `TreePath.text` has them.
    func text(for parts: [String]) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .place(let source, let filter): Self.filtered(Self.parts(source, of: parts), filter)
            }
        }
        .joined()
    }

    private static func parts(_ source: Source, of parts: [String]) -> [String] {
        switch source {
        case .name: parts.suffix(1)
        case .stem: parts.suffix(1).map(stem)
        case .path: parts
        case .folder: parts.dropLast()
        case .part(let number): number <= parts.count ? [parts[number - 1]] : []
        case .parts(let number): Array(parts.dropFirst(number - 1))
        }
    }

    /// A name without its last extension; a leading dot begins none.
    private static func stem(_ name: String) -> String {
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return name }
        return String(name[..<dot])
    }

    private static func filtered(_ parts: [String], _ filter: Filter) -> String {
        switch filter {
        case .none: parts.joined(separator: "/")
        case .slug: slug(parts.joined(separator: "/"))
        case .dotted: parts.map(slug).filter { !$0.isEmpty }.joined(separator: ".")
        }
    }

    /// Letters and digits in lower case; one `_` for all that is between.
    private static func slug(_ text: String) -> String {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: "_")
    }
}
