import Diagnostics
import NIOHTTP1

/// What a request head has to be beyond what the parser checks: everything by which two servers in a row could take one
/// request for two.
enum HeadRules {
    /// What is wrong with the head, or nil.
    static func problem(_ head: HTTPRequestHead, targetLimit: Int) -> APIError? {
        if head.uri.utf8.count > targetLimit {
            return APIError(
                .requestHeaderTooLarge,
                "the request target is longer than \(targetLimit) bytes",
                status: 414
            )
        }
        guard head.version == .http1_1 || head.version == .http1_0 else {
            return APIError(
                .requestFraming,
                "HTTP/\(head.version.major).\(head.version.minor) is not spoken here",
                status: 505
            )
        }
        if let problem = framing(head) { return APIError(.requestFraming, problem) }
        guard
            head.uri.hasPrefix("/") || head.uri == "*" || head.uri.hasPrefix("http://")
                || head.uri.hasPrefix("https://")
        else { return APIError(.requestFraming, "the request target is no path") }
        guard head.uri.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            return APIError(.requestFraming, "the request target holds a control character or a space")
        }
        return nil
    }

    private static func framing(_ head: HTTPRequestHead) -> String? {
        var hosts = 0
        var lengths = 0
        var codings = 0
        for (name, value) in head.headers {
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
                return "a header field holds a control character"
            }
            switch name.utf8.count {
            case 4 where name.lowercased() == "host": hosts += 1
            case 14 where name.lowercased() == "content-length":
                lengths += 1
                guard !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                    return "Content-Length is no number"
                }
            case 17 where name.lowercased() == "transfer-encoding":
                codings += 1
                guard value.lowercased() == "chunked" else { return "the only transfer coding is chunked" }
            default: break
            }
        }
        if codings > 0, lengths > 0 { return "Content-Length and Transfer-Encoding exclude each other" }
        if codings > 1 { return "there is more than one Transfer-Encoding" }
        if lengths > 1 { return "there is more than one Content-Length" }
        if codings > 0, head.version == .http1_0 { return "HTTP/1.0 has no Transfer-Encoding" }
        if hosts > 1 { return "there is more than one Host" }
        if hosts == 0, head.version == .http1_1 { return "there is no Host" }
        return nil
    }
}
