import Diagnostics

/// Which hosts only this machine can reach.
public enum Loopback: Sendable {
    /// Whether a host to bind to is on loopback: `localhost`, an IPv4 address 127.x.x.x, or `::1`, with or without brackets.
    ///
    /// Anything else is not, names that happen to lead there included.
    public static func contains(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                    && Int(part).map { $0 <= 255 } ?? false
            }
    }

    /// Throws `not_permitted` unless the service may run open on this host.
    public static func requireInsecureLocal(on host: String) throws(AccessError) {
        guard !contains(host) else { return }
        throw AccessError(
            .notPermitted,
            "--insecure-local lets everybody in, so it is for 127.0.0.1 and ::1 alone, not for \(host)",
            hint: "Leave it out and use keys, or bind to 127.0.0.1."
        )
    }
}
