import Catalog
import Domain

/// A change as a CloudEvent 1.0 in JSON; `data` has the fields of the message that subscribers of Redis get.
struct CloudEvent {
    private let event: CatalogEvent

    init(_ event: CatalogEvent) {
        self.event = event
    }

    /// The event; one line.
    var json: OrderedJSON {
        let kind = CatalogTable.named(event.table).flatMap(CatalogKind.init(table:))
        let noun = kind?.singular ?? event.table
        let time = Instants.text(microseconds: event.microseconds)
        let parts = kind == .documents ? event.id?.split(separator: "\u{1f}", maxSplits: 1).map(String.init) : nil
        let id = parts?.last ?? event.id
        var data: [(name: String, value: OrderedJSON)] = [
            (name: "type", value: .string(noun)), (name: "action", value: .string(event.action.rawValue)),
            (name: "id", value: .optional(id)), (name: "version", value: .integer(event.version)),
            (name: "at", value: .string(time)),
        ]
        if let first = parts?.first { data.append((name: "kind", value: .string(first))) }
        return Self.envelope(
            id: event.position,
            source: kind.map { "/api/\($0.rawValue)" } ?? "/tables/\(event.table)",
            type: "io.cortex.\(noun).\(event.action.rawValue)",
            subject: id,
            time: time,
            data: .object(data)
        )
    }

    /// Says that events before this position are missing: the reader has to read anew what it holds.
    static func reset(_ position: EventPosition) -> OrderedJSON {
        envelope(
            id: position,
            source: "/api/subscribe",
            type: "io.cortex.reset",
            subject: nil,
            time: nil,
            data: ["action": "reset"]
        )
    }

    private static func envelope(
        id: EventPosition,
        source: String,
        type: String,
        subject: String?,
        time: String?,
        data: OrderedJSON
    ) -> OrderedJSON {
        var members: [(name: String, value: OrderedJSON)] = [
            (name: "specversion", value: "1.0"), (name: "id", value: .string(id.description)),
            (name: "source", value: .string(source)), (name: "type", value: .string(type)),
        ]
        if let subject { members.append((name: "subject", value: .string(subject))) }
        if let time { members.append((name: "time", value: .string(time))) }
        members.append((name: "datacontenttype", value: "application/json"))
        members.append((name: "data", value: data))
        return .object(members)
    }
}
