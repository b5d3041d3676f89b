import Diagnostics
import Foundation
import NIOCore
import Synchronization
import Testing

@testable import LoadGeneration

@Suite(.serialized) struct LoadTestTests {
    private func report(
        _ faults: SampleService.Faults = .init(),
        _ change: (inout LoadPlan) -> Void = { _ in }
    ) async throws -> (LoadReport, SampleService.State) {
        try await SampleService.withService(faults) { url, service in
            var plan = LoadPlan(service: try #require(ServiceAddress(url)))
            plan.duration = .milliseconds(400)
            plan.clients = 8
            plan.documents = 16
            change(&plan)
            let report = try await LoadTest(plan, run: "t").run()
            return (report, service.state.withLock { $0 })
        }
    }

    @Test func `every request is counted, and the documents are gone afterwards`() async throws {
        let (report, state) = try await report { $0.key = Secret("cortex_k") }
        #expect(report.requests == state.requests && report.requests > 50)
        #expect(report.errors == 0)
        #expect(report.byStatus == ["200": report.requests])
        #expect(report.cache.near + report.cache.redis + report.cache.postgres == report.reads)
        #expect((0.5...0.8).contains(report.hitRatio ?? 0))
        #expect(report.writes > 0 && report.writes < report.reads)
        #expect(report.staleReads == 0 && report.maximumStalenessMilliseconds == 0)
        #expect(report.latency.p50 > 0 && report.latency.p50 <= report.latency.p95)
        #expect(report.latency.p95 <= report.latency.p99 && report.latency.p99 <= report.latency.max)
        #expect(abs(report.throughput * report.seconds - Double(report.requests)) < 1)
        #expect(state.created == 16 && state.deleted == 16 && state.documents.isEmpty)
        #expect(state.authorizations == ["Bearer cortex_k"])
    }

    @Test func `stale reads are found`() async throws {
        let (report, _) = try await report(.init(staleEvery: 5)) { $0.mix = LoadMix("read=1,write=1") ?? LoadMix() }
        #expect(report.staleReads > 0)
        #expect(report.maximumStalenessMilliseconds > 0)
    }

    @Test func `refusals and lost connections are errors, and the load goes on`() async throws {
        let (report, _) = try await report(.init(hangUpEvery: 20, refuseEvery: 7))
        let refused = report.byStatus["503"] ?? 0
        let answered = report.byStatus.values.reduce(0, +)
        #expect(refused > 0 && answered < report.requests)
        #expect(report.errors == refused + report.requests - answered)
        #expect(report.staleReads == 0)
    }

    @Test func `an open loop begins requests at its rate and counts what waits`() async throws {
        // 2 clients, 20 ms each: 100 a second at most. At 50 a second nothing waits, at 200 more and more does.
        let (relaxed, _) = try await report(.init(delay: .milliseconds(20))) {
            ($0.clients, $0.rate) = (2, 50)
        }
        #expect((15...21).contains(relaxed.requests))
        let (pressed, _) = try await report(.init(delay: .milliseconds(20))) {
            ($0.clients, $0.rate) = (2, 200)
        }
        #expect(pressed.loop == "open")
        #expect(pressed.latency.max > 100)
        #expect(relaxed.latency.p50 < pressed.latency.p50)
    }

    @Test func `a service that does not answer is failed with a reason`() async throws {
        let url = try await SampleService.withService { url, _ in url }
        let plan = LoadPlan(service: try #require(ServiceAddress(url)))
        let error = await #expect(throws: LoadGenerationError.self) { try await LoadTest(plan, run: "t").run() }
        #expect(error?.code == .syncUnavailable)
    }

    @Test(arguments: [(401, ErrorCode.notPermitted), (403, .notPermitted), (500, .processFailed)])
    func `a service that refuses the documents too`(status: Int, code: ErrorCode) async throws {
        let error = await #expect(throws: LoadGenerationError.self) { try await report(.init(createStatus: status)) }
        #expect(error?.code == code)
    }

    @Test func `a cancelled test deletes its documents`() async throws {
        try await SampleService.withService { url, service in
            var plan = LoadPlan(service: try #require(ServiceAddress(url)))
            plan.duration = .seconds(60)
            plan.clients = 4
            plan.documents = 8
            let test = try LoadTest(plan, run: "t")
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await test.run() }
                while service.state.withLock({ $0.requests }) < 10 { await Task.yield() }
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.waitForAll() }
            }
            #expect(service.state.withLock { $0.documents.isEmpty && $0.deleted == 8 })
        }
    }

    @Test func `a report has the fields of the contract`() async throws {
        let (report, _) = try await report()
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any]
        let names = [
            "requests", "errors", "seconds", "throughput", "latency_ms", "by_status", "cache", "stale_reads",
            "max_staleness_ms",
        ]
        #expect(names.filter { object?[$0] == nil } == [])
        #expect(Set((object?["latency_ms"] as? [String: Any] ?? [:]).keys) == ["p50", "p95", "p99", "max"])
        #expect(Set((object?["cache"] as? [String: Any] ?? [:]).keys) == ["near", "redis", "postgres"])
    }

    @Test func `a plan that cannot be carried out is refused`() throws {
        var plan = LoadPlan(service: try #require(ServiceAddress("http://x")))
        for change in [{ $0.clients = 0 }, { $0.rate = 0 }, { $0.duration = .zero }] as [(inout LoadPlan) -> Void] {
            plan = LoadPlan(service: plan.service)
            change(&plan)
            #expect(throws: LoadGenerationError.self) { try LoadTest(plan, run: "t") }
        }
    }
}
