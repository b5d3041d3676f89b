/// Connection URLs that work from a shell and hold no secret.
enum ConnectionURL {
    /// A URL of libpq; a host that is a directory means the socket in it.
    static func postgres(
        user: String,
        database: String,
        host: String,
        port: UInt16,
        passfile: String? = nil
    ) -> String {
        var query: [String] = []
        var authority = "\(user)@"
        if host.hasPrefix("/") {
            query.append("host=\(PercentEncoding.encode(host))")
            query.append("port=\(port)")
        } else {
            authority += "\(host):\(port)"
        }
        if let passfile { query.append("passfile=\(PercentEncoding.encode(passfile))") }
        let tail = query.isEmpty ? "" : "?" + query.joined(separator: "&")
        return "postgresql://\(authority)/\(PercentEncoding.encode(database))\(tail)"
    }
}
