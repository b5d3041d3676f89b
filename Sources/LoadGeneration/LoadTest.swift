import Diagnostics
import NIOCore
import NIOPosix
import NIOSSL

/// A load test: documents of its own are made, read and written for a while, and deleted.
///
/// Nothing else is touched. The documents are assets whose ids begin with `bench-`.
public struct LoadTest: Sendable {
    private let plan: LoadPlan
    private let documents: BenchDocuments

    /// A test of this plan; `run` names it, and its documents: letters, digits and hyphens.
    ///
    /// Throws `usage` for a plan that cannot be carried out.
    public init(_ plan: LoadPlan, run: String) throws(LoadGenerationError) {
        guard plan.clients >= 1, plan.clients <= 10_000, plan.duration > .zero, plan.rate.map({ $0 > 0 }) ?? true,
            plan.documents >= 1, plan.documents <= 1_000_000
        else {
            throw LoadGenerationError(
                .usage,
                "this load cannot be made",
                hint: "1 to 10,000 clients, 1 to 1,000,000 documents, duration and rate above zero."
            )
        }
        var plan = plan
        plan.documents = max(plan.documents, plan.clients)
        self.plan = plan
        documents = BenchDocuments(run: run)
    }

    /// Runs the test.
    ///
    /// Throws `not_permitted` when the service refuses to make the documents, `sync.unavailable` when it does not answer. Requests
    /// that fail during the test are counted, not thrown. When the task is cancelled the documents are deleted, too.
    public func run() async throws -> LoadReport {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let report = try await run(on: group)
            try await group.shutdownGracefully()
            return report
        } catch {
            // The first error is the one to tell.
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private func run(on group: MultiThreadedEventLoopGroup) async throws -> LoadReport {
        let tls = try LoadConnection.tls(for: plan)
        let result: Result<LoadReport, any Error>
        do {
            try await eachClient(group, tls) { client, connection in try await make(client, connection) }
            result = .success(try await measure(group, tls))
        } catch {
            result = .failure(error)
        }
        // Also after a cancellation, which nothing on this way looks at.
        await delete(group, tls)
        return try result.get()
    }

    // MARK: The documents

    private func make(_ client: Int, _ connection: LoadConnection) async throws {
        for document in owned(by: client) {
            try Task.checkCancellation()
            let response: LoadResponse
            do {
                response = try await connection.send(documents.create(document))
            } catch {
                throw LoadGenerationError(
                    .syncUnavailable,
                    "\(plan.service) does not answer",
                    hint: "Start it with cortex serve, or name another one with --url.",
                    cause: error
                )
            }
            guard response.status == 201 else {
                let isRefused = response.status == 401 || response.status == 403
                throw LoadGenerationError(
                    isRefused ? .notPermitted : .processFailed,
                    "\(plan.service) answered \(response.status) to a new document",
                    hint: isRefused ? "Give it a key that may write: --key-file FILE." : String(buffer: response.body)
                )
            }
        }
    }

    private func delete(_ group: MultiThreadedEventLoopGroup, _ tls: NIOSSLContext?) async {
        // What cannot be deleted is left: its ids say what it is, and the result is not worse for it.
        try? await eachClient(group, tls) { client, connection in
            for document in owned(by: client) { _ = try await connection.send(documents.delete(document)) }
        }
    }

    /// The documents that a client alone writes.
    private func owned(by client: Int) -> StrideTo<Int> { stride(from: client, to: plan.documents, by: plan.clients) }

    private func eachClient(
        _ group: MultiThreadedEventLoopGroup,
        _ tls: NIOSSLContext?,
        _ body: @escaping @Sendable (Int, LoadConnection) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for client in 0..<plan.clients {
                tasks.addTask {
                    let connection = LoadConnection(plan, group: group, tls: tls)
                    let result: Result<Void, any Error>
                    do { result = .success(try await body(client, connection)) } catch { result = .failure(error) }
                    await connection.close()
                    try result.get()
                }
            }
            try await tasks.waitForAll()
        }
    }

    // MARK: The load

    private func measure(_ group: MultiThreadedEventLoopGroup, _ tls: NIOSSLContext?) async throws -> LoadReport {
        let history = SharedHistory(documents: plan.documents)
        var tally = LoadTally()
        let start = ContinuousClock.now
        let schedule = LoadSchedule(plan, start: start)
        try await withThrowingTaskGroup(of: LoadTally.self) { tasks in
            for number in 0..<plan.clients {
                tasks.addTask {
                    let connection = LoadConnection(plan, group: group, tls: tls)
                    var client = LoadClient(number, plan, documents, connection, history)
                    await client.run(schedule)
                    await connection.close()
                    return client.tally
                }
            }
            for try await one in tasks { tally.add(one) }
        }
        try Task.checkCancellation()
        let took = start.duration(to: .now)
        return LoadReport(plan, tally, history.value, took: took)
    }
}
