import EmbeddedServers
import RESP
import Redis
import TestSupport
import Testing

@Suite("Subscriptions on a real Redis", .timeLimit(.minutes(15)))
struct SubscriptionTests {
    /// An event as text.
    static func text(_ event: RedisSubscriptionEvent?) -> String {
        switch event {
        case .subscribed: "subscribed"
        case .message(let message):
            (message.pattern.map { String(decoding: $0, as: UTF8.self) + " " } ?? "")
                + String(decoding: message.channel, as: UTF8.self) + ": "
                + String(decoding: message.payload, as: UTF8.self)
        case .lost: "lost"
        case .overflowed(let missed): "overflowed \(missed)"
        case nil: "end"
        }
    }

    @Test("Messages of channels and patterns come in order, with RESP3 and RESP2", arguments: [3, 2])
    func messages(version: Int) async throws {
        let lines = version == 3 ? [] : ["rename-command HELLO \"\""]
        try await withRedisClient(lines: lines, configure: { $0.heartbeat = .milliseconds(5) }) { client, _ in
            try await client.withSubscription(channels: ["a", "b"], patterns: ["n*"]) { events in
                let reader = events.makeAsyncIterator()
                #expect(Self.text(await reader.next()) == "subscribed")
                for number in 0..<300 {
                    try await client.send("PUBLISH", number.isMultiple(of: 2) ? "a" : "b", .integer(Int64(number)))
                }
                try await client.send("PUBLISH", "news", .bytes(Array("x\r\ny".utf8)))
                for number in 0..<300 {
                    #expect(Self.text(await reader.next()) == "\(number.isMultiple(of: 2) ? "a" : "b"): \(number)")
                }
                #expect(Self.text(await reader.next()) == "n* news: x\r\ny")
            }
            try await eventually("the subscription's connection is gone") {
                try await client.send("PUBSUB", "NUMSUB", "a").elements?.last == .integer(0)
            }
        }
    }

    @Test("A loss is told between the messages before and after it", arguments: ["kill", "client"])
    func loss(how: String) async throws {
        try await withRedisClient(configure: { $0.backOff = RedisBackOff(longest: .milliseconds(50)) }) {
            client,
            server in
            try await client.withSubscription(channels: ["a"]) { events in
                let reader = events.makeAsyncIterator()
                #expect(Self.text(await reader.next()) == "subscribed")
                try await client.send("PUBLISH", "a", "1")
                #expect(Self.text(await reader.next()) == "a: 1")
                if how == "kill" {
                    try await server.kill()
                    #expect(Self.text(await reader.next()) == "lost")
                    try await server.start()
                } else {
                    try await client.send("CLIENT", "KILL", "TYPE", "pubsub")
                    #expect(Self.text(await reader.next()) == "lost")
                }
                var next = await reader.next()
                while case .lost? = next { next = await reader.next() }
                #expect(Self.text(next) == "subscribed")
                try await eventually("published") {
                    do {
                        return try await client.send("PUBLISH", "a", "2").int == 1
                    } catch {
                        return false
                    }
                }
                #expect(Self.text(await reader.next()) == "a: 2")
            }
        }
    }

    @Test("A server that hangs is noticed by the heartbeat")
    func hang() async throws {
        let configure = { (configuration: inout RedisConfiguration) in
            configuration.heartbeat = .milliseconds(20)
            configuration.heartbeatLimit = .milliseconds(500)
        }
        try await withRedisClient(configure: configure) { client, server in
            try await client.withSubscription(channels: ["a"]) { events in
                let reader = events.makeAsyncIterator()
                #expect(Self.text(await reader.next()) == "subscribed")
                server.suspend()
                #expect(Self.text(await reader.next()) == "lost")
                server.resume()
                var next = await reader.next()
                while case .lost? = next { next = await reader.next() }
                #expect(Self.text(next) == "subscribed")
            }
        }
    }

    @Test("A slow reader is told how much it missed, and gets the newest")
    func overflow() async throws {
        try await withRedisClient(configure: { $0.maximumMessages = 10 }) { client, _ in
            try await client.withSubscription(channels: ["a"]) { events in
                let reader = events.makeAsyncIterator()
                #expect(Self.text(await reader.next()) == "subscribed")
                for number in 0..<25 { try await client.send("PUBLISH", "a", .integer(Int64(number))) }
                // The last message has arrived when a later one on the same connection has.
                try await eventually("all arrived") {
                    try await client.send("CLIENT", "LIST", "TYPE", "pubsub").text?.contains("oll=0") == true
                }
                try await Task.sleep(for: .milliseconds(300))
                #expect(Self.text(await reader.next()) == "overflowed 15")
                for number in 15..<25 { #expect(Self.text(await reader.next()) == "a: \(number)") }
            }
        }
    }

    @Test("A channel that the user may not read is a loss that says so")
    func refused() async throws {
        try await withRedisClient(lines: ["user reader on >x ~* resetchannels &mine +@all"]) { _, server in
            try await withTestClient("redis://reader:x@127.0.0.1:\(server.port)") { client in
                try await client.withSubscription(channels: ["theirs"]) { events in
                    guard case .lost(let error)? = await events.makeAsyncIterator().next() else {
                        Issue.record("no loss")
                        return
                    }
                    #expect(error.refusal?.kind == .noPermission)
                }
            }
        }
    }

    @Test("A cancelled reader ends")
    func cancelled() async throws {
        try await withRedisClient { client, _ in
            try await client.withSubscription(channels: ["a"]) { events in
                let task = Task {
                    var count = 0
                    for await _ in events { count += 1 }
                    return count
                }
                task.cancel()
                #expect(await task.value <= 1)
            }
        }
    }
}
