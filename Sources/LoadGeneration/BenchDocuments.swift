import NIOCore
import NIOHTTP1

/// The documents that a load test makes: assets of its own, whose description holds the number of the last write.
struct BenchDocuments: Sendable {
    let run: String

    private static let mark = "cortex bench write "

    func path(_ document: Int) -> String { "/api/assets/\(id(document))" }

    private func id(_ document: Int) -> String { "bench-\(run)-\(document)" }

    func create(_ document: Int) -> LoadRequest {
        let body = """
            {"asset_id":"\(id(document))","asset_name":"Load test \(run)","asset_type":"benchmark","sensitivity":"public",\
            "description":"\(Self.mark)0."}
            """
        return LoadRequest(method: .POST, path: "/api/assets", contentType: "application/json", body: body)
    }

    func read(_ document: Int) -> LoadRequest { LoadRequest(method: .GET, path: path(document)) }

    func write(_ document: Int, _ number: Int) -> LoadRequest {
        LoadRequest(
            method: .PATCH,
            path: path(document),
            contentType: "application/merge-patch+json",
            body: "{\"description\":\"\(Self.mark)\(number).\"}"
        )
    }

    func delete(_ document: Int) -> LoadRequest { LoadRequest(method: .DELETE, path: path(document)) }

    /// The number of the write whose document this is; nil when it does not say.
    static func number(in body: ByteBuffer) -> Int? {
        body.withUnsafeReadableBytes { bytes -> Int? in
            let mark = Array(mark.utf8)
            guard bytes.count > mark.count else { return nil }
            for start in 0..<(bytes.count - mark.count) where bytes[start] == mark[0] {
                let end = start + mark.count
                guard bytes[start..<end].elementsEqual(mark) else { continue }
                var number = 0
                for byte in bytes[end...] {
                    guard (0x30...0x39).contains(byte) else { return byte == UInt8(ascii: ".") ? number : nil }
                    number = number &* 10 &+ Int(byte - 0x30)
                }
                return nil
            }
            return nil
        }
    }
}
