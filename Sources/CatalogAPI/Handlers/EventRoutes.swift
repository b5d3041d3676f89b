import Catalog
import Diagnostics
import Domain
import HTTPTypes
import Hummingbird
import NIOCore

/// The stream of changes: server-sent events, each a CloudEvent.
enum EventRoutes {
    static let all = [subscribe]

    private static let batch = 256

    private static let subscribe = Route(
        operation: "subscribe",
        method: .get,
        template: "/api/subscribe",
        tag: "catalog",
        summary: "Changes as server-sent events, CloudEvents 1.0 in JSON; `Last-Event-ID` resumes.",
        right: .read,
        parameters: [.header("Last-Event-ID", "The last event that the reader has; what came after it is sent first.")],
        outcomes: [
            Route.Outcome(status: 200, summary: "The stream.", mediaType: "text/event-stream", schema: .string())
        ]
    ) { call in
        let position = try call.header(.lastEventID).map { text in
            guard let position = EventPosition(text) else {
                throw APIError.invalid(parameter: "Last-Event-ID", "the id is none of this stream")
            }
            return position
        }
        // What cannot be read at all is a problem, not an empty stream.
        let first = try await call.store.events(
            after: position,
            limit: batch,
            wait: .zero,
            clearance: call.clearance
        )
        guard let place = call.service.streams.enter() else {
            throw APIError(.syncUnavailable, "too many streams of events are open", hint: "try again in a moment")
        }
        let stream = EventStream(call, first: first)
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                try await stream.run(&writer)
                place.leave()
            }
        )
    }
}

/// One subscriber's stream.
private struct EventStream: Sendable {
    private let store: any CatalogStore
    private let clearance: Sensitivity
    private let heartbeat: Duration
    private let isStopping: @Sendable () -> Bool
    private let first: EventPage

    init(_ call: Call, first: EventPage) {
        store = call.store
        clearance = call.clearance
        heartbeat = call.configuration.heartbeat
        isStopping = call.service.isStopping
        self.first = first
    }

    /// Sends events until the service ends, the reader goes, or the feed cannot be read any more: readers come again.
    @concurrent func run(_ writer: inout any ResponseBodyWriter) async throws {
        try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
        var page = first
        while true {
            try await writer.write(Self.text(page))
            guard !isStopping(), let next = await following(page.position) else { break }
            page = next
        }
        try await writer.finish(nil)
    }

    /// How long the end of the service may go unnoticed.
    private static let slice = Duration.milliseconds(500)

    /// What comes next; a page without events when it is time for a sign of life, nil when the stream ends.
    private func following(_ position: EventPosition) async -> EventPage? {
        let end = ContinuousClock.now + heartbeat
        var position = position
        while !isStopping() {
            let wait = min(Self.slice, heartbeat)
            // Whatever went wrong: the reader comes again with its position.
            guard let page = try? await store.events(after: position, limit: 256, wait: wait, clearance: clearance)
            else { return nil }
            if !page.events.isEmpty || page.isReset || ContinuousClock.now >= end { return page }
            position = page.position
        }
        return nil
    }

    /// The page as the stream has it; a comment where there is nothing to tell.
    private static func text(_ page: EventPage) -> ByteBuffer {
        var buffer = ByteBuffer()
        if page.isReset { buffer.writeString("event: reset\nid: \(page.position)\ndata: \(reset(page.position))\n\n") }
        for event in page.events {
            buffer.writeString("id: \(event.position)\ndata: ")
            buffer.writeBytes(CloudEvent(event).json.bytes)
            buffer.writeString("\n\n")
        }
        if buffer.readableBytes == 0 { buffer.writeString(":\n\n") }
        return buffer
    }

    private static func reset(_ position: EventPosition) -> String {
        String(decoding: CloudEvent.reset(position).bytes, as: UTF8.self)
    }
}
