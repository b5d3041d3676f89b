/// Mechanical repairs that make a broken value parse.
///
/// A proposal is made only when every fault of the text has a repair that leaves no choice; it has been applied and read
/// strictly before it is handed out. Nothing is ever changed but by whoever applies it.
public enum JSONRepair: Sendable {
    /// A kind of repair.
    public enum Rule: String, Hashable, Sendable, CaseIterable {
        /// `: ,`, `: }` and `: ]` become `: null,` and so on.
        case missingValue = "missing-value"
        /// A word without quotes gets them.
        case bareWord = "bare-word"
        /// `True`, `False`, `None` and `undefined` become `true`, `false`, `null` and `null`.
        case foreignLiteral = "foreign-literal"
        /// A comma before a closing bracket goes.
        case trailingComma = "trailing-comma"
        /// Brackets missing at the end of a truncated text are added.
        case missingBracket = "missing-bracket"
    }

    /// The most patches of one proposal.
    static let maximumPatches = 256

    /// The repair of a text that should hold one value, or nil when it is valid or has no mechanical repair.
    ///
    /// `base` is the absolute offset of the first byte: the patches' offsets count from it. A byte order mark is left alone.
    public static func proposal(
        for bytes: ArraySlice<UInt8>,
        base: Int = 0,
        limits: JSONLimits = JSONLimits()
    ) -> RepairProposal? {
        guard bytes.count <= limits.maximumRecordBytes else { return nil }
        let steps = bytes.withUnsafeBytes { raw -> [RepairStep]? in
            var run = RepairRun(text: raw, limits: limits)
            return run.collect()
        }
        guard let steps, !steps.isEmpty else { return nil }
        let proposal = RepairProposal(steps, in: bytes, base: base)
        guard let repaired = proposal.apply(to: bytes, base: base),
            // Strict reading, aside from the mark that the repair leaves alone.
            (try? JSONDocument(tolerant: repaired, limits: limits)) != nil
        else { return nil }
        return proposal
    }

    /// The repair of a text that should hold one value; see the other method.
    public static func proposal(
        for bytes: [UInt8],
        base: Int = 0,
        limits: JSONLimits = JSONLimits()
    ) -> RepairProposal? {
        proposal(for: bytes[...], base: base, limits: limits)
    }
}

/// Patches that together make a broken text parse.
public struct RepairProposal: Hashable, Sendable {
    /// The patches in ascending order.
    public let patches: [BytePatch]
    /// The names of the rules used, in alphabetical order, joined with `+`: `missing-value`.
    public let rule: String
    /// What the patches do and where, for people; without row contents.
    public let description: String

    init(_ steps: [RepairStep], in bytes: ArraySlice<UInt8>, base: Int) {
        patches = steps.map { step in
            BytePatch(offset: base + step.offset, length: step.length, replacement: step.replacement)
        }
        rule = Set(steps.map(\.rule.rawValue)).sorted().joined(separator: "+")
        description = Self.describe(steps, in: bytes)
    }

    /// The repaired text; nil when `bytes` is not the text that the proposal was made for.
    public func apply(to bytes: ArraySlice<UInt8>, base: Int = 0) -> [UInt8]? {
        BytePatch.apply(patches, to: bytes, base: base)
    }

    /// The repaired text; see the other method.
    public func apply(to bytes: [UInt8], base: Int = 0) -> [UInt8]? {
        apply(to: bytes[...], base: base)
    }

    private static let longestDescription = 8

    private static func describe(_ steps: [RepairStep], in bytes: ArraySlice<UInt8>) -> String {
        var parts = bytes.withUnsafeBytes { raw in
            steps.prefix(longestDescription).map { step in
                var counter = LineCounter(position: 0)
                counter.advance(to: step.offset, in: raw, base: 0)
                return "line \(counter.line), column \(step.offset - counter.lineStart + 1): \(step.words)"
            }
        }
        if steps.count > longestDescription { parts.append("and \(steps.count - longestDescription) more") }
        return parts.joined(separator: "; ")
    }
}
