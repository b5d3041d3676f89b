import EmbeddedServers
import Foundation
import Processes
import RESP
import Redis

/// The Redis client, and `redis-benchmark` on the same server, without `-P`: each caller waits for its reply.
struct RedisBenchmark {
    let server: ScratchRedis
    let program: String
    let work: Work

    /// So many documents.
    private static let keys = 1_000
    /// 603 bytes each.
    private static let document = Array(repeating: UInt8(ascii: "x"), count: 603)

    struct Failed: Error {
        let output: String
    }

    /// Runs the body with an own server that holds the documents.
    static func with(_ work: Work, _ body: (RedisBenchmark) async throws -> Void) async throws {
        let installation = try await RedisInstallation.choose()
        let program = URL(filePath: installation.client).deletingLastPathComponent().path() + "redis-benchmark"
        try await ScratchRedis.withServer { server in
            let bench = RedisBenchmark(server: server, program: program, work: work)
            try await bench.withClient { client in
                for number in 0..<keys {
                    try await client.send(RESPCommand("SET", [.text(key(number)), .bytes(document)]))
                }
            }
            try await body(bench)
        }
    }

    /// As `redis-benchmark -r` spells them.
    private static func key(_ number: Int) -> String {
        "document:" + String(repeating: "0", count: 12 - String(number).count) + String(number)
    }

    private func withClient<R>(_ body: (RedisClient) async throws -> R) async throws -> R {
        let configuration = try RedisConfiguration(url: "redis://127.0.0.1:\(server.port)", clientName: "bench")
        return try await RedisClient.withClient(configuration, body)
    }

    /// Ours.
    func ours(_ callers: Callers) async throws -> Figures {
        let keys = (0..<Self.keys).map { RESPArgument.text(Self.key($0)) }
        let missing = Failed(output: "a key is gone")
        return try await withClient { client in
            if work == .taskGets {
                return try await callers.run { number in
                    guard try await client.get(keys[number % keys.count]) != nil else { throw missing }
                }
            }
            return try await callers.runChains { number, next in
                client.connection.send(RESPCommand("GET", [keys[number % keys.count]])) { reply in
                    switch reply {
                    case .success(.null): next(.failure(missing))
                    case .success: next(.success(()))
                    case .failure(let error): next(.failure(error))
                    }
                }
            }
        }
    }

    /// The peer, for about as long.
    func peer(_ callers: Callers) async throws -> Figures {
        let short = try await run(requests: 20_000, callers: callers.count)
        let seconds = callers.time / .seconds(1)
        return try await run(requests: max(20_000, Int(short.perSecond * seconds)), callers: callers.count)
    }

    private func run(requests: Int, callers: Int) async throws -> Figures {
        let result = try await ChildProcess.runChecked(
            ChildCommand(
                program,
                [
                    "-p", String(server.port), "-c", String(callers), "-n", String(requests), "-r", String(Self.keys),
                    "--csv", "GET", "document:__rand_int__",
                ]
            ),
            deadline: .seconds(120)
        )
        // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
        let cells = result.outputText.split(separator: "\n").last.map { $0.split(separator: ",") } ?? []
        let numbers = cells.compactMap { Double($0.filter { $0 != "\"" }) }
        guard numbers.count == 7 else { throw Failed(output: result.outputText) }
        return Figures(perSecond: numbers[0], p50: Int64(numbers[3] * 1_000), p99: Int64(numbers[5] * 1_000))
    }
}
