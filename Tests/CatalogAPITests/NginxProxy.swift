import Foundation
import Processes
import TestSupport

/// nginx before the service, as a child of the test: one connection to the service, which it keeps.
struct NginxProxy {
    /// A request, or what came instead of one, as nginx saw it.
    struct Entry: CustomStringConvertible {
        let description: String
        /// Whether the client got an answer.
        let isAnswered: Bool
        /// How many answers nginx had from the service.
        let forwarded: Int
        /// How many of these said that it is no request.
        let misunderstood: Int

        /// A line of the log: `<status> <bytes sent> "<statuses of the service>" "<request line>"`.
        init?(_ line: Substring) {
            let words = line.split(separator: " ", maxSplits: 2)
            let quoted = line.split(separator: "\"", omittingEmptySubsequences: false)
            guard words.count == 3, let sent = Int(words[1]), quoted.count >= 4 else { return nil }
            description = String(line)
            isAnswered = sent > 0
            // A kept connection that the service had ended in the meantime gives 502, and nginx makes another one.
            let statuses = quoted[1].split(separator: ",").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
            forwarded = statuses.count { $0 != 502 }
            misunderstood = statuses.count { [400, 414, 431].contains($0) }
        }
    }

    /// Where it listens on 127.0.0.1.
    let port: Int
    private let directory: String

    /// Runs the body with nginx before the service on this port.
    static func with(servicePort: Int, _ body: (NginxProxy) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let proxy = NginxProxy(port: Int(try FreePort.choose()), directory: directory)
            try SmallFile.write(text: proxy.settings(servicePort), to: directory + "/nginx.conf")
            let program = try BuiltProgram.start(
                ["-p", directory, "-e", directory + "/error.log", "-c", directory + "/nginx.conf"],
                program: path,
                directory: directory
            )
            let result: Result<Void, any Error>
            do {
                try await eventually("nginx listens: \(program.talk)") {
                    // Nobody listens yet.
                    (try? await RawConnection(port: proxy.port).ask("GET", "/livez"))?.status == 200
                }
                result = .success(try await body(proxy))
            } catch {
                result = .failure(error)
            }
            program.signal(SIGKILL)
            _ = await program.wait()
            try result.get()
        }
    }

    /// Debian's place is in the PATH of administrators alone.
    private static var path: String {
        let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") + ["/usr/sbin"]
        return directories.map { "\($0)/nginx" }.first { FileManager.default.isExecutableFile(atPath: $0) }
            ?? "/usr/sbin/nginx"
    }

    /// The entries that came since the last call, up to the one of this request.
    func entries(since offset: inout Int, until request: String) async throws -> [Entry] {
        var lines: [Substring] = []
        try await eventually("nginx logs \(request)") {
            let bytes = FileManager.default.contents(atPath: directory + "/access.log") ?? Data()
            let text = String(decoding: bytes.dropFirst(offset), as: UTF8.self)
            guard let place = text.firstRange(of: request), let end = text[place.upperBound...].firstIndex(of: "\n")
            else { return false }
            lines = text[..<end].split(separator: "\n").map { Substring(String($0)) }
            offset += text[...end].utf8.count
            return true
        }
        return lines.compactMap(Entry.init)
    }

    private func settings(_ servicePort: Int) -> String {
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(directory)/\($0);" }
        return """
            daemon off;
            master_process off;
            pid \(directory)/nginx.pid;
            error_log \(directory)/error.log;
            events { worker_connections 64; }
            http {
                log_format plain '$status $bytes_sent "$upstream_status" "$request"';
                access_log \(directory)/access.log plain;
                \(paths.joined(separator: " "))
                keepalive_timeout 150ms;
                lingering_timeout 300ms;
                client_header_timeout 2s;
                client_body_timeout 2s;
                client_max_body_size 0;
                upstream service { server 127.0.0.1:\(servicePort) max_fails=0; keepalive 1; }
                server {
                    listen 127.0.0.1:\(port);
                    location / {
                        proxy_pass http://service;
                        proxy_http_version 1.1;
                        proxy_request_buffering off;
                        proxy_ignore_client_abort on;
                        proxy_set_header Connection "";
                        proxy_set_header Host localhost;
                    }
                }
            }

            """
    }
}
