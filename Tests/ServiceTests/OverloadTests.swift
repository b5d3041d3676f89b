import Diagnostics
import Foundation
import LoadGeneration
import TestSupport
import Testing

/// P21: more is asked than the service can do.
@Suite(
    "A service that is asked for too much",
    .enabled(if: TestEffort.isAlone, "needs the machine for itself: make test-faults"),
    .serialized,
    .timeLimit(.minutes(10))
)
struct OverloadTests {
    /// What one process may grow by beside its caches, at the connections of this test.
    private static let growth = 128 << 20
    /// The connections that make the most of the service, and those of the overload.
    private static let clients = (few: 16, many: 96)

    @Test("does as much as before at three times its capacity, beside clients that are slow, and its memory is bounded")
    func overload() async throws {
        try await ServicePlace.withStores { place in
            try await place.withService { service in
                let key = Secret(try place.adminKey())
                var ratios: [Double] = []
                // The first run warms up.
                _ = try await run(service, key, clients: Self.clients.few)
                let before = service.residentMemory
                // Other tests use the machine too: in a short run the first pair that was let alone counts, in a long one the
                // median. What collapses under load never comes near.
                let pairs = TestEffort.count(slice: 6, long: 7)
                while ratios.count < pairs, TestEffort.current == .long || (ratios.last ?? 0) < 0.8 {
                    let capacity = try await run(service, key, clients: Self.clients.few).goodput
                    let slow = try SlowClients(service.client(key: key.reveal()))
                    let overload = try await run(service, key, clients: Self.clients.many, rate: capacity * 3)
                    slow.end()
                    ratios.append(overload.goodput / capacity)
                    print(
                        "capacity \(Int(capacity)) requests a second, at three times that \(Int(overload.goodput)), "
                            + "p99 \(Int(overload.report.latency.p99)) ms, \(overload.report.byStatus)"
                    )
                    // Every request has an answer, and a refusal says so.
                    #expect(Set(overload.report.byStatus.keys).isSubset(of: ["200", "201", "304", "503"]))
                    #expect(overload.report.errors == overload.report.byStatus["503"] ?? 0)
                }
                let grown = service.residentMemory - before
                print("memory grew by \(grown >> 20) MiB from \(before >> 20) MiB")
                #expect(grown < Self.growth)
                let rank = TestEffort.current == .long ? ratios.count / 2 : ratios.count - 1
                #expect(ratios.sorted()[rank] >= 0.8, "\(ratios)")
                #expect(try await service.client().ask("GET", "/readyz").status == 200)
            }
        }
    }

    private struct Run {
        let report: LoadReport

        /// Answers a second that were no refusals.
        var goodput: Double { Double(report.requests - report.errors) / report.seconds }
    }

    private func run(_ service: ServiceProcess, _ key: Secret, clients: Int, rate: Double? = nil) async throws -> Run {
        let address = try #require(ServiceAddress("http://127.0.0.1:\(service.port)"))
        var plan = LoadPlan(service: address)
        plan.duration = .milliseconds(TestEffort.count(slice: 2_500, long: 10_000))
        plan.clients = clients
        plan.documents = Self.clients.many
        plan.rate = rate
        plan.key = key
        return Run(report: try await LoadTest(plan, run: String(UInt32.random(in: 0...UInt32.max), radix: 36)).run())
    }
}

/// Connections that send the beginning of a request, and some that never read their answers.
private final class SlowClients {
    private var sockets: [RawSocket]

    init(_ client: RawConnection) throws {
        let list =
            (["GET /api/assets?limit=500 HTTP/1.1", "Host: h"] + client.fields).joined(separator: "\r\n") + "\r\n\r\n"
        sockets = try (0..<60).map { number in
            let socket = try RawSocket(port: client.port)
            socket.send(Array((number.isMultiple(of: 2) ? "GET /api/assets HTTP/1.1\r\nHo" : list + list).utf8))
            return socket
        }
    }

    /// Leaves.
    func end() { sockets = [] }
}
