import Foundation
import Synchronization
import TestSupport

/// Clients that each keep a connection and a document of their own, and go to the other service when theirs ends.
///
/// A connection that ends between two answers is what HTTP allows; one that ends within an answer is a failure.
final class RollingClients: Sendable {
    struct Tally {
        var answered = 0
        /// The ETag of the newest acknowledged change of each client's document.
        var tags: [Int: String] = [:]
        /// Answers that said that the connection ends.
        var announcedEnds = 0
        /// Requests that were sent again, since the connection ended before a byte of their answer came.
        var resent = 0
        /// Connections that nobody took.
        var refused = 0
        var failures: [String] = []
    }

    static func document(_ client: Int) -> String { "roll-\(client)" }

    private let ports: [Int]
    private let key: String
    private let count: Int
    private let state = Mutex(Tally())
    private let isOver = Atomic(false)

    init(ports: [Int], key: String, count: Int) {
        self.ports = ports
        self.key = key
        self.count = count
    }

    var tally: Tally { state.withLock { $0 } }

    /// Makes the documents.
    func prepare() async throws {
        let connection = RawConnection(port: ports[0], fields: ["Authorization: Bearer \(key)"])
        for client in 0..<count {
            let body = Array(#"{"task_id":"\#(Self.document(client))","title":"first"}"#.utf8)
            let made = try await connection.ask("POST", "/api/tasks", ["Content-Type: application/json"], body: body)
            guard made.status == 201 else { throw RawConnection.NoAnswer(bytes: made.body) }
        }
    }

    /// Runs beside the body, until it returns.
    func run(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<count {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        Thread.detachNewThread {
                            self.work(as: client)
                            continuation.resume()
                        }
                    }
                }
            }
            let result: Result<Void, any Error>
            do {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            isOver.store(true, ordering: .relaxed)
            try await group.waitForAll()
            try result.get()
        }
    }

    // MARK: One client

    private struct Kept {
        var place: Int
        var socket: RawSocket?
    }

    private func work(as client: Int) {
        var kept = Kept(place: client % ports.count)
        var step = 0
        while !isOver.load(ordering: .relaxed) {
            step += 1
            let isWrite = step.isMultiple(of: 4)
            let request = isWrite ? patch(client, step) : get(client)
            guard let answer = exchange(request, &kept, client) else { return }
            state.withLock { tally in
                tally.answered += 1
                guard answer.status == 200, let tag = answer.field("etag") else {
                    tally.failures.append("client \(client) got \(answer.status): \(answer.text)")
                    return
                }
                if isWrite { tally.tags[client] = tag }
            }
            usleep(3_000)
        }
    }

    /// Sends the request until it is answered; nil when that failed.
    private func exchange(_ request: [UInt8], _ kept: inout Kept, _ client: Int) -> RawConnection.Answer? {
        let end = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < end {
            guard let socket = kept.socket ?? (try? RawSocket(port: ports[kept.place])) else {
                // It does not listen (any more): the other one does.
                state.withLock { $0.refused += 1 }
                kept.place = (kept.place + 1) % ports.count
                usleep(5_000)
                continue
            }
            kept.socket = socket
            socket.send(request)
            let (answer, bytes) = Self.answer(on: socket, until: end)
            if let answer {
                if answer.field("connection") == "close" {
                    state.withLock { $0.announcedEnds += 1 }
                    leave(&kept)
                }
                return answer
            }
            guard bytes.isEmpty else {
                fail(
                    "client \(client): the connection ended within an answer: \(String(decoding: bytes, as: UTF8.self))"
                )
                return nil
            }
            state.withLock { $0.resent += 1 }
            leave(&kept)
        }
        fail("client \(client) was not answered")
        return nil
    }

    private func leave(_ kept: inout Kept) {
        kept.socket = nil
        kept.place = (kept.place + 1) % ports.count
    }

    private func fail(_ text: String) {
        state.withLock { $0.failures.append(text) }
    }

    private static func answer(
        on socket: RawSocket,
        until end: ContinuousClock.Instant
    ) -> (RawConnection.Answer?, bytes: [UInt8]) {
        var bytes: [UInt8] = []
        while ContinuousClock.now < end {
            switch socket.receive() {
            case .bytes(let part):
                bytes += part
                if let answer = RawConnection.answers(bytes).first { return (answer, bytes) }
            case .nothing: continue
            case .end, .failed: return (nil, bytes)
            }
        }
        return (nil, bytes)
    }

    // MARK: Requests

    private func get(_ client: Int) -> [UInt8] {
        request("GET", client, [], "")
    }

    private func patch(_ client: Int, _ step: Int) -> [UInt8] {
        let fields = ["Content-Type: application/merge-patch+json", "Idempotency-Key: \(client)-\(step)"]
        return request("PATCH", client, fields, #"{"title":"\#(client)-\#(step)"}"#)
    }

    private func request(_ method: String, _ client: Int, _ fields: [String], _ body: String) -> [UInt8] {
        let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
        let lines =
            ["\(method) /api/tasks/\(Self.document(client)) HTTP/1.1", "Host: localhost"]
            + ["Authorization: Bearer \(key)"] + length + fields
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    }
}
