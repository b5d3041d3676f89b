import ExampleTree
import Foundation
import TestSupport
import Testing

@Suite(
    "Services that end and begin under load",
    .enabled(if: TestEffort.isAlone, "needs the machine for itself: make test-faults"),
    .timeLimit(.minutes(5)),
    .serialized
)
struct RollingTests {
    /// Two services over the same stores, on ports that stay.
    private final class Pair {
        let place: ServicePlace
        var services: [ServiceProcess]
        let key: String

        private init(_ place: ServicePlace, _ services: [ServiceProcess], key: String) {
            self.place = place
            self.services = services
            self.key = key
        }

        static func with(_ body: (Pair) async throws -> Void) async throws {
            try await ServicePlace.withStores { place in
                let first = try await place.start("first")
                let second: ServiceProcess
                do {
                    second = try await place.start("second")
                } catch {
                    first.signal(SIGKILL)
                    _ = await first.wait()
                    throw error
                }
                let pair = Pair(place, [first, second], key: try place.adminKey("first"))
                let result: Result<Void, any Error>
                do {
                    result = .success(try await body(pair))
                } catch {
                    result = .failure(error)
                }
                for service in pair.services {
                    service.signal(SIGKILL)
                    _ = await service.wait()
                }
                try result.get()
            }
        }

        var clients: RollingClients { RollingClients(ports: services.map(\.port), key: key, count: 6) }

        func client(_ number: Int) -> RawConnection { services[number].client(key: key) }

        /// Starts a service again that has ended.
        func restart(_ number: Int) async throws {
            services[number] = try await place.start(["first", "second"][number], port: services[number].port)
            print("cold start of serve: \(services[number].startTime)")
        }
    }

    @Test("SIGTERM to one and then the other fails no request, and streams of events go on at the other without a gap")
    func rolling() async throws {
        try await Pair.with { pair in
            let clients = pair.clients
            try await clients.prepare()
            var streams = [try EventReader(pair.client(0))]
            try await eventually("the stream begins") { streams[0].hasBegun }
            try await clients.run {
                for number in [0, 1] {
                    try await Task.sleep(for: .milliseconds(400))
                    let idle = try await idleConnection(pair.client(number))
                    let begin = ContinuousClock.now
                    pair.services[number].signal(SIGTERM)
                    let ended = await pair.services[number].wait(patience: .seconds(35))
                    let time = ContinuousClock.now - begin
                    print("SIGTERM under load: ended after \(time)")
                    #expect(ended.status == 0, "\(ended.talk)")
                    #expect(time < .seconds(30))
                    // Nothing was under way there: it ends, and is not torn down.
                    #expect(idle.receive() == .end)
                    let stream = try #require(streams.last)
                    try await eventually("the stream has ended") { stream.hasEnded }
                    #expect(stream.isWhole, "\(stream.head)")
                    let last = try #require(stream.events.last?.id)
                    try await pair.restart(number)
                    streams.append(try EventReader(pair.client(1 - number), after: last))
                }
                try await Task.sleep(for: .milliseconds(400))
            }
            let tally = clients.tally
            print("\(tally.answered) answers, \(tally.announcedEnds) announced ends, \(tally.resent) sent again")
            #expect(tally.failures.isEmpty, "\(tally.failures.prefix(5))")
            #expect(tally.resent == 0 && tally.announcedEnds > 0 && tally.answered > 300, "\(tally)")
            try await expectVersions(tally, pair)
            try await expectStreams(streams, tally)
            for stream in streams { stream.leave() }
        }
    }

    @Test("kill -9 leaves nothing that hinders the next start, and no acknowledged change is lost")
    func killed() async throws {
        try await Pair.with { pair in
            let clients = pair.clients
            try await clients.prepare()
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed \(seed)")
            var random = SeededGenerator(seed: seed)
            try await clients.run {
                for _ in 0..<TestEffort.count(slice: 3, long: 15) {
                    let number = Int.random(in: 0...1, using: &random)
                    try await Task.sleep(for: .milliseconds(Int.random(in: 100...600, using: &random)))
                    pair.services[number].signal(SIGKILL)
                    _ = await pair.services[number].wait()
                    try await pair.restart(number)
                }
            }
            let tally = clients.tally
            #expect(tally.failures.isEmpty && tally.answered > 100, "seed \(seed): \(tally)")
            try await expectVersions(tally, pair)
        }
    }

    @Test("kill -9 of a service that serves a tree leaves the tree readable and every acknowledged change in it")
    func killedTree() async throws {
        try await ServicePlace.with { place in
            _ = try ExampleTree(seed: 3, tasks: 20).write(to: place.directory + "/tree")
            let source = ["--source", place.directory + "/tree"]
            var service = try await place.start("home", source)
            let clients = RollingClients(ports: [service.port], key: try place.adminKey(), count: 2)
            try await clients.prepare()
            try await clients.run {
                for _ in 0..<3 {
                    let before = clients.tally.answered
                    try await eventually("something was answered") { clients.tally.answered > before + 8 }
                    service.signal(SIGKILL)
                    _ = await service.wait()
                    service = try await place.start("home", port: service.port, source)
                    print("cold start of serve on a tree: \(service.startTime)")
                }
            }
            let tally = clients.tally
            #expect(tally.tags.count == 2)
            for (client, tag) in tally.tags {
                let answer = try await service.client(key: place.adminKey()).ask(
                    "GET",
                    "/api/tasks/\(RollingClients.document(client))",
                    ["Cortex-Consistency: strong"]
                )
                #expect(answer.field("etag") == tag, "\(answer.text)")
            }
            service.signal(SIGTERM)
            #expect(await service.wait().status == 0)
            #expect(tally.failures.isEmpty && tally.answered > 20, "\(tally)")
        }
    }

    // MARK: What is expected

    /// A connection on which one request was answered, longer ago than the service waits for the next one when it ends.
    private func idleConnection(_ client: RawConnection) async throws -> RawSocket {
        let socket = try RawSocket(port: client.port)
        socket.send(Array("GET /livez HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
        try await Task.sleep(for: .milliseconds(1_200))
        guard case .bytes = socket.receive() else { throw RawConnection.NoAnswer(bytes: []) }
        return socket
    }

    /// Every document is at the version that was acknowledged last, at both services.
    private func expectVersions(_ tally: RollingClients.Tally, _ pair: Pair) async throws {
        #expect(tally.tags.count == 6)
        for (client, tag) in tally.tags {
            for number in [0, 1] {
                let answer = try await pair.client(number).ask(
                    "GET",
                    "/api/tasks/\(RollingClients.document(client))",
                    ["Cortex-Consistency: strong"]
                )
                #expect(answer.field("etag") == tag, "client \(client) at service \(number)")
            }
        }
    }

    /// What the streams told of each document is every version from the first that they told of, once and in order.
    private func expectStreams(_ streams: [EventReader], _ tally: RollingClients.Tally) async throws {
        for (client, tag) in tally.tags {
            let version = try #require(Int(tag.split(separator: "-").last?.dropLast() ?? ""))
            func told() -> [Int] {
                streams.flatMap(\.events).filter { $0.field("id") == RollingClients.document(client) }
                    .compactMap { $0.field("version").flatMap { Int($0) } }
            }
            try await eventually("the stream tells of version \(version): \(told().suffix(3))") {
                told().last ?? 0 >= version
            }
            let versions = told()
            let first = try #require(versions.first)
            #expect(versions == Array(first...(versions.last ?? first)), "client \(client)")
        }
    }
}
