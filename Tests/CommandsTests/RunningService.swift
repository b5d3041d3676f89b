import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport

@testable import Commands

/// `cortex serve` as a process of its own, on a port that the kernel chose.
struct RunningService {
    /// What came back.
    struct Answer: Sendable {
        let status: UInt
        let text: String

        /// The body as a JSON object.
        var document: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
        }
    }

    let program: BuiltProgram
    let home: String
    let record: ServiceRecord
    /// The administrator's key.
    let key: String

    /// Runs the service for as long as the body does, then ends it with SIGTERM and gives how it ended.
    static func with(
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        directory: String,
        _ body: (RunningService) async throws -> Void
    ) async throws -> BuiltProgram.Ended {
        let home = directory + "/home"
        let program = try BuiltProgram.start(
            ["serve", "--port", "0", "--home", home] + arguments,
            environment: environment,
            directory: directory
        )
        do {
            try await eventually("the service listens") { ServiceRecord.running(in: home)?.isEmpty == false }
            let service = RunningService(
                program: program,
                home: home,
                record: ServiceRecord.running(in: home)?.first ?? ServiceRecord(url: "", probe: ""),
                key: try String(contentsOfFile: home + "/secrets/admin.key", encoding: .utf8)
                    .trimmingCharacters(in: .whitespacesAndNewlines)
            )
            try await body(service)
        } catch {
            program.signal(SIGKILL)
            let ended = await program.wait()
            print(ended.talk.suffix(4_000))
            throw error
        }
        program.signal(SIGTERM)
        return await program.wait()
    }

    /// One request with the administrator's key, or another `Authorization`; to the operational listener if so wished.
    func ask(
        _ path: String,
        method: String = "GET",
        body: (type: String, text: String)? = nil,
        authorization: String? = nil,
        operation: Bool = false
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: (operation ? record.probe : record.url) + path)
        request.method = .init(rawValue: method)
        request.headers.add(name: "Authorization", value: authorization ?? "Bearer \(key)")
        if let body {
            request.headers.add(name: "Content-Type", value: body.type)
            request.body = .bytes(ByteBuffer(string: body.text))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let text = String(buffer: try await response.body.collect(upTo: 64 << 20))
        return Answer(status: response.status.code, text: text)
    }

    /// The values of a metric by their labels as written.
    func metric(_ name: String) async throws -> [String: Double] {
        let text = try await ask("/metrics", operation: true).text
        return text.split(separator: "\n").reduce(into: [:]) { found, line in
            guard line.hasPrefix(name), let space = line.lastIndex(of: " ") else { return }
            let labels = line[..<space].dropFirst(name.count)
            guard labels.isEmpty || labels.first == "{" else { return }
            found[String(labels)] = Double(line[line.index(after: space)...])
        }
    }
}
