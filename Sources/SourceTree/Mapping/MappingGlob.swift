/// A pattern of paths, matched byte by byte so that every file name works, valid UTF-8 or not.
///
/// `*` takes any bytes but `/`, `**` any bytes, `?` one byte but `/`, `{a,b}` one of the alternatives (not nested),
/// `\` the next byte as it is. `**/` also takes nothing, so `a/**/b` matches `a/b`.
/// A member of a container is written `container!/member`.
public struct MappingGlob: Sendable, Hashable {
    /// The pattern as written.
    public let pattern: String
    private let alternatives: [Alternative]

    /// One way to read the pattern: literal bytes at both ends, which most paths fail, and what is between.
    private struct Alternative: Sendable, Hashable {
        let prefix: [UInt8]
        let middle: [Token]
        let suffix: [UInt8]
    }

    private enum Token: Sendable, Hashable {
        case byte(UInt8)
        case any
        case star
        case doubleStar
        /// Start of `**/`, which takes nothing or anything that ends with a slash: skips the next token or enters it.
        case directoriesStart
        /// Inside `**/`: takes any byte, is left only by a slash.
        case directoriesInside
    }

    /// What is wrong with a pattern.
    struct PatternError: Error, Equatable {
        let message: String
    }

    init(_ pattern: String) throws(PatternError) {
        guard !pattern.isEmpty else { throw PatternError(message: "an empty pattern matches nothing") }
        guard pattern.utf8.first != UInt8(ascii: "/") else {
            throw PatternError(message: "patterns are relative to the project root and do not begin with /")
        }
        self.pattern = pattern
        let expanded = try Self.expandBraces(Array(pattern.utf8))
        guard expanded.count <= 256 else { throw PatternError(message: "more than 256 alternatives") }
        var alternatives: [Alternative] = []
        for text in expanded { alternatives.append(Self.alternative(of: try Self.tokens(of: text))) }
        self.alternatives = alternatives
    }

    /// Whether the whole path matches.
    public func matches(_ path: [UInt8]) -> Bool {
        path.withUnsafeBufferPointer { bytes in
            alternatives.contains { Self.matches($0, bytes) }
        }
    }

    // MARK: Reading patterns

    private static func expandBraces(_ text: [UInt8]) throws(PatternError) -> [[UInt8]] {
        var results: [[UInt8]] = [[]]
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\\"):
                guard index + 1 < text.count else { throw PatternError(message: "`\\` at the end escapes nothing") }
                for position in results.indices { results[position] += text[index...(index + 1)] }
                index += 2
            case UInt8(ascii: "{"):
                guard let close = text[index...].firstIndex(of: UInt8(ascii: "}")) else {
                    throw PatternError(message: "`{` without `}`")
                }
                let inner = text[(index + 1)..<close]
                guard !inner.contains(UInt8(ascii: "{")) else { throw PatternError(message: "`{` inside `{}`") }
                let words = inner.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                guard results.count * words.count <= 256 else {
                    throw PatternError(message: "more than 256 alternatives")
                }
                results = results.flatMap { head in words.map { head + $0 } }
                index = close + 1
            case UInt8(ascii: "}"):
                throw PatternError(message: "`}` without `{`")
            case let byte:
                for position in results.indices { results[position].append(byte) }
                index += 1
            }
        }
        return results
    }

    private static func tokens(of text: [UInt8]) throws(PatternError) -> [Token] {
        var tokens: [Token] = []
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\\"):
                tokens.append(.byte(text[index + 1]))
                index += 2
            case UInt8(ascii: "?"):
                tokens.append(.any)
                index += 1
            case UInt8(ascii: "*"):
                let stars = text[index...].prefix { $0 == UInt8(ascii: "*") }.count
                guard stars <= 2 else { throw PatternError(message: "more than two `*` in a row") }
                index += stars
                guard stars == 2 else {
                    tokens.append(.star)
                    continue
                }
                let startsPart = tokens.last.map { $0 == .byte(UInt8(ascii: "/")) || $0 == .directoriesInside } ?? true
                if startsPart, index < text.count, text[index] == UInt8(ascii: "/") {
                    tokens += [.directoriesStart, .directoriesInside]
                    index += 1
                } else {
                    tokens.append(.doubleStar)
                }
            case let byte:
                tokens.append(.byte(byte))
                index += 1
            }
        }
        return tokens
    }

    private static func alternative(of tokens: [Token]) -> Alternative {
        func literal(_ token: Token) -> UInt8? {
            if case .byte(let byte) = token { byte } else { nil }
        }
        let prefix = tokens.prefix { literal($0) != nil }
        let rest = tokens.dropFirst(prefix.count)
        let suffix = Array(rest.reversed().prefix { literal($0) != nil }.reversed())
        return Alternative(
            prefix: prefix.compactMap(literal),
            middle: Array(rest.dropLast(suffix.count)),
            suffix: suffix.compactMap(literal)
        )
    }

    // MARK: Matching

    private static func matches(_ alternative: Alternative, _ path: UnsafeBufferPointer<UInt8>) -> Bool {
        let (prefix, suffix) = (alternative.prefix, alternative.suffix)
        guard path.count >= prefix.count + suffix.count, path.starts(with: prefix),
            path.suffix(suffix.count).elementsEqual(suffix)
        else { return false }
        let between = path[prefix.count..<path.count - suffix.count]
        guard !alternative.middle.isEmpty else { return between.isEmpty }
        return match(alternative.middle, between)
    }

    /// Simulates all positions at once: linear in path times pattern, no backtracking to attack.
    private static func match(_ tokens: [Token], _ path: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var active = [Bool](repeating: false, count: tokens.count + 1)
        var next = active
        active[0] = true
        skipEmpty(tokens, &active)
        for byte in path {
            for position in next.indices { next[position] = false }
            for position in tokens.indices where active[position] {
                switch tokens[position] {
                case .byte(let wanted): if byte == wanted { next[position + 1] = true }
                case .any: if byte != UInt8(ascii: "/") { next[position + 1] = true }
                case .star: if byte != UInt8(ascii: "/") { next[position] = true }
                case .doubleStar: next[position] = true
                case .directoriesStart: break
                case .directoriesInside:
                    next[position] = true
                    if byte == UInt8(ascii: "/") { next[position + 1] = true }
                }
            }
            skipEmpty(tokens, &next)
            swap(&active, &next)
        }
        return active[tokens.count]
    }

    /// Adds the positions that are reached without taking a byte.
    private static func skipEmpty(_ tokens: [Token], _ active: inout [Bool]) {
        for position in tokens.indices where active[position] {
            switch tokens[position] {
            case .star, .doubleStar: active[position + 1] = true
            case .directoriesStart:
                active[position + 1] = true
                active[position + 2] = true
            case .byte, .any, .directoriesInside: break
            }
        }
    }
}
