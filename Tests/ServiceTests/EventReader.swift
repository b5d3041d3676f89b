import Foundation
import Synchronization
import TestSupport

/// A reader of the event stream, on a thread of its own until the stream ends or the reader is left.
final class EventReader: Sendable {
    struct Event: Sendable {
        let id: String
        /// The CloudEvent.
        let text: String

        /// A member of the CloudEvent's `data`.
        func field(_ name: String) -> String? {
            let event = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            return ((event?["data"] as? [String: Any])?[name]).map { "\($0)" }
        }
    }

    private struct State {
        var bytes: [UInt8] = []
        var hasEnded = false
        var isLeft = false
    }

    private let state = Mutex(State())

    /// Subscribes; with the id of an event, to what comes after it.
    init(_ client: RawConnection, after id: String? = nil) throws {
        let socket = try RawSocket(port: client.port)
        let lines =
            ["GET /api/subscribe HTTP/1.1", "Host: localhost"] + client.fields
            + (id.map { ["Last-Event-ID: \($0)"] } ?? [])
        socket.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
        Thread.detachNewThread { [self] in
            while !state.withLock(\.isLeft) {
                switch socket.receive() {
                case .bytes(let part): state.withLock { $0.bytes += part }
                case .nothing: continue
                case .end, .failed:
                    return state.withLock { $0.hasEnded = true }
                }
            }
        }
    }

    /// Ends the subscription.
    func leave() { state.withLock { $0.isLeft = true } }

    /// Whether the peer ended the connection.
    var hasEnded: Bool { state.withLock(\.hasEnded) }

    /// Whether the stream began: the service has taken the subscription.
    var hasBegun: Bool { content.text.contains("retry:") }

    /// Whether the stream came to its last chunk.
    var isWhole: Bool { content.isWhole }

    /// What came before the stream, or instead of it.
    var head: String { String(decoding: state.withLock { $0.bytes.prefix(500) }, as: UTF8.self) }

    /// The whole events so far.
    var events: [Event] {
        content.text.components(separatedBy: "\n\n").dropLast().compactMap { block in
            let lines = block.split(separator: "\n")
            func value(_ name: String) -> String? {
                lines.first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
            }
            guard let id = value("id"), let data = value("data") else { return nil }
            return Event(id: id, text: data)
        }
    }

    /// What the chunks hold that came whole.
    private var content: (text: String, isWhole: Bool) {
        let bytes = state.withLock(\.bytes)
        guard let head = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return ("", false) }
        var rest = bytes[head.upperBound...]
        var content: [UInt8] = []
        while let line = rest.firstRange(of: [0x0d, 0x0a]),
            let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16)
        {
            if size == 0 { return (String(decoding: content, as: UTF8.self), true) }
            let body = rest[line.upperBound...]
            guard body.count >= size + 2 else { break }
            content += body.prefix(size)
            rest = body.dropFirst(size + 2)
        }
        return (String(decoding: content, as: UTF8.self), false)
    }
}
