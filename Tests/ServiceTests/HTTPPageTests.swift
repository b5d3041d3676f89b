import Foundation
import TestSupport
import Testing

/// The examples of docs/http.md, each sent as it stands to a service over an empty database, one after the other.
@Suite("docs/http.md", .timeLimit(.minutes(3)))
struct HTTPPageTests {
    /// A request and what is shown of its answer.
    private struct Example {
        let request: [String]
        let answer: [String]

        /// `> ` before the lines of the request, `< ` before those of the answer.
        init(_ block: String) {
            func lines(_ mark: String) -> [String] {
                block.split(separator: "\n").filter { $0.hasPrefix(mark) }.map { String($0.dropFirst(2)) }
            }
            request = lines(">")
            answer = lines("<")
        }

        /// The bytes of the request, with a key and the length of its body.
        func bytes(_ client: RawConnection) -> [UInt8] {
            let head = request.prefix { !$0.isEmpty }
            let body = request.dropFirst(head.count + 1).joined(separator: "\n")
            let isBatch = head.contains { $0.hasSuffix("ndjson") }
            let text = body.isEmpty || !isBatch ? body : body + "\n"
            let length = text.isEmpty ? [] : ["Content-Length: \(text.utf8.count)"]
            let lines = [head[0] + " HTTP/1.1", "Host: localhost"] + client.fields + head.dropFirst() + length
            return Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + text).utf8)
        }

        var isStream: Bool { answer.contains("Content-Type: text/event-stream") }
        var status: Int { Int(answer.first ?? "") ?? 0 }
        var fields: [String] { answer.dropFirst().prefix { !$0.isEmpty }.map { $0 } }
        var body: String { answer.drop { !$0.isEmpty }.dropFirst().joined(separator: "\n") }
    }

    private static let blocks: [(language: String, text: String)] = {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/http.md")
        // Without the page there are no blocks, and the test says so.
        let page = (try? String(contentsOf: path.standardizedFileURL, encoding: .utf8)) ?? ""
        return page.components(separatedBy: "```").enumerated().filter { !$0.offset.isMultiple(of: 2) }.map { part in
            let language = part.element.prefix { $0 != "\n" }
            return (String(language), String(part.element.dropFirst(language.count + 1)))
        }
    }()

    @Test("every example gets the answer that the page shows")
    func examples() async throws {
        // What is neither a request nor the one picture would be shown without having been tried.
        #expect(Self.blocks.filter { $0.language != "http" }.count == 1)
        let examples = Self.blocks.filter { $0.language == "http" }.map { Example($0.text) }
        #expect(examples.count >= 12)
        try await ServicePlace.withStores { place in
            try await place.withService { service in
                let client = service.client(key: try place.adminKey())
                for example in examples { try await run(example, client) }
            }
        }
    }

    private func run(_ example: Example, _ client: RawConnection) async throws {
        let found = try await client.exchange(
            [example.bytes(client)],
            expected: example.isStream ? nil : 1,
            heads: example.request[0].hasPrefix("HEAD ") ? [0] : [],
            until: example.isStream ? "\n\n" : nil
        )
        let name = example.request[0]
        if example.isStream {
            let text = String(decoding: found.bytes, as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 \(example.status) "), "\(name): \(text)")
            for field in example.fields { #expect(text.contains(field), "\(name): \(text)") }
            #expect(text.contains(example.body), "\(name): \(text)")
            return
        }
        let answer = try #require(found.answers.first, "\(name)")
        #expect(answer.status == example.status, "\(name): \(answer.text)")
        for field in example.fields {
            let pair = field.split(separator: ":", maxSplits: 1)
            let value = answer.field(String(pair[0])) ?? "nothing"
            let wanted = pair[1].trimmingCharacters(in: .whitespaces)
            #expect(Self.matches(value, wanted), "\(name): \(pair[0]): \(value)")
        }
        let text = answer.text.trimmingCharacters(in: .newlines)
        #expect(Self.matches(text, example.body), "\(name): \(text)")
    }

    /// Whether the text is what is shown; `…` stands for what is left out.
    private static func matches(_ text: String, _ shown: String) -> Bool {
        let parts = shown.components(separatedBy: "…")
        guard parts.count > 1 else { return text == shown }
        guard text.hasPrefix(parts[0]), text.hasSuffix(parts[parts.count - 1]) else { return false }
        var rest = text.dropFirst(parts[0].count)
        for part in parts.dropFirst().dropLast() {
            guard let place = rest.firstRange(of: part) else { return false }
            rest = rest[place.upperBound...]
        }
        return rest.count >= parts[parts.count - 1].count
    }
}
