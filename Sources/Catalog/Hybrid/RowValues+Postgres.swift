import Domain
import Postgres

extension RowValues {
    /// The values of these fields as parameters of a statement.
    func parameters(_ names: [String]) -> [String: PostgresValue] {
        Dictionary(uniqueKeysWithValues: names.map { ($0, Self.parameter(self[$0])) })
    }

    private static func parameter(_ value: MappedValue) -> PostgresValue {
        switch value {
        case .null: .null
        case .text(let text): .text(text)
        case .integer(let number): .integer(number)
        case .numeric(let text): .numeric(text)
        case .boolean(let flag): .boolean(flag)
        case .instant(let microseconds): .instant(microseconds: microseconds)
        case .json(let bytes): .json(bytes)
        case .textArray(let texts): .textArray(texts)
        }
    }
}
