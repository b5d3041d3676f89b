/// The steps that a program knows, in order: step n has number n.
public struct MigrationCatalogue: Sendable, Equatable {
    /// The steps, in order.
    public let steps: [SchemaStep]

    /// The steps that this program ships.
    public static let shipped: MigrationCatalogue = {
        do {
            return try MigrationCatalogue(ShippedMigrations.steps)
        } catch {
            preconditionFailure("the shipped migrations cannot be used: \(error)")
        }
    }()

    /// Takes the steps in any order.
    ///
    /// Throws `schema.migration_failed` when numbers are missing or used twice, a name has other characters than
    /// `a-z`, `0-9` and `_`, or a text is not made of whole statements, has none, or begins or ends a transaction.
    public init(_ steps: [SchemaStep]) throws(SchemaError) {
        self.steps = steps.sorted { $0.number < $1.number }
        for (index, step) in self.steps.enumerated() {
            guard step.number == index + 1 else {
                throw .badStep("migration \(index + 1) of \(steps.count) has the number \(step.number)")
            }
            guard !step.name.isEmpty, step.name.utf8.allSatisfy(Self.isNameByte) else {
                throw .badStep("the name of migration \(step.label) has other characters than a-z, 0-9 and _")
            }
            for part in StepPart.allCases {
                try step.script(part).checkUsable()
            }
        }
    }

    /// The highest number; 0 without steps.
    public var latest: Int { steps.count }

    /// The step of this number.
    public subscript(number: Int) -> SchemaStep? {
        steps.indices.contains(number - 1) ? steps[number - 1] : nil
    }

    /// The first steps, up to this number.
    func prefix(_ number: Int) -> ArraySlice<SchemaStep> { steps.prefix(number) }

    /// The steps whose verifications say something of a database at this version.
    ///
    /// A step that grants or revokes has a name that ends in "grants" and compares all grants with a list of its own, so that
    /// only the list of the newest counts; a shipped step's text never changes.
    func stepsToVerify(at version: Int) -> [SchemaStep] {
        let newest = prefix(version).last(where: \.comparesGrants)
        return prefix(version).filter { !$0.comparesGrants || $0.number == newest?.number }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
