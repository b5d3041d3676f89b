import Domain
import Testing

@Suite("Finding rules")
struct FindingRuleTests {
    @Test("names are unique lower-case words")
    func names() {
        #expect(Set(FindingRule.allCases.map(\.rawValue)).count == FindingRule.allCases.count)
        for rule in FindingRule.allCases { #expect(rule.rawValue.wholeMatch(of: /[a-z0-9_]+/) != nil) }
    }

    @Test("what loses a row is an error, what loses nothing is not")
    func severities() {
        let errors = FindingRule.allCases.filter { $0.severity == .error }
        #expect(
            errors == [
                .invalidJSON, .unreadableEntry, .hotFile, .compressedInvalid, .missingID, .recordTooLarge, .secretLike,
            ]
        )
    }
}
