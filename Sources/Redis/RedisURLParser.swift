import Diagnostics

/// Reads the URL of a Redis part by part.
enum RedisURLParser {
    static func parse(_ text: String) throws(RedisError) -> RedisURL {
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw invalid("it holds a control character")
        }
        if text.hasPrefix("/") { return RedisURL(place: .socket(path: text)) }
        guard let mark = text.firstRange(of: "://") else { throw invalid("it has no scheme") }
        let scheme = text[..<mark.lowerBound].lowercased()
        var rest = text[mark.upperBound...]
        guard !rest.contains("#") else { throw invalid("it has a fragment; write # as %23") }
        var parameters: [String: String] = [:]
        if let question = rest.firstIndex(of: "?") {
            parameters = try self.parameters(rest[rest.index(after: question)...])
            rest = rest[..<question]
        }
        var url: RedisURL
        switch scheme {
        case "redis", "rediss": url = try server(rest, isSecure: scheme == "rediss")
        case "unix": url = try socket(rest)
        default: throw invalid("its scheme is none of redis, rediss and unix")
        }
        if let number = parameters.removeValue(forKey: "db") { url.database = try database(number) }
        if url.isSecure { url.authorities = parameters.removeValue(forKey: "cacert") }
        // Not its name: behind an unencoded `?` it may be a part of the password.
        guard parameters.isEmpty else {
            throw invalid("it has a parameter that is not known here; known are db, and cacert with rediss")
        }
        return url
    }

    private static func server(_ rest: Substring, isSecure: Bool) throws(RedisError) -> RedisURL {
        let slash = rest.lastIndex(of: "@").flatMap { rest[$0...].firstIndex(of: "/") } ?? rest.firstIndex(of: "/")
        let authority = slash.map { rest[..<$0] } ?? rest
        let path = slash.map { rest[rest.index(after: $0)...] } ?? ""
        let (user, password, place) = try login(authority)
        let (host, port) = try hostAndPort(place)
        return RedisURL(
            place: .host(host, port: port),
            user: user,
            password: password,
            database: path.isEmpty ? 0 : try database(path),
            isSecure: isSecure
        )
    }

    private static func socket(_ rest: Substring) throws(RedisError) -> RedisURL {
        let (user, password, place) = try login(rest)
        guard place.hasPrefix("/"), let path = PercentText.decode(place) else {
            throw invalid("after unix:// there must be an absolute path")
        }
        return RedisURL(place: .socket(path: path), user: user, password: password)
    }

    private static func login(_ text: Substring) throws(RedisError) -> (String?, Secret?, Substring) {
        guard let at = text.lastIndex(of: "@") else { return (nil, nil, text) }
        let place = text[text.index(after: at)...]
        guard let colon = text[..<at].firstIndex(of: ":") else {
            throw invalid("it has no colon before the @: write user:password@, or :password@ for the default user")
        }
        guard let user = PercentText.decode(text[..<colon]),
            let password = PercentText.decode(text[text.index(after: colon)..<at])
        else { throw invalid("user or password hold a % that begins no %XX") }
        guard !password.isEmpty else { throw invalid("it has a colon before the @ but no password") }
        return (user.isEmpty ? nil : user, Secret(password), place)
    }

    private static func hostAndPort(_ text: Substring) throws(RedisError) -> (String, Int) {
        var host = text
        var portText: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw invalid("its [ has no ]") }
            host = text[text.index(after: text.startIndex)..<end]
            let tail = text[text.index(after: end)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { throw invalid("after ] there must be a colon") }
            portText = tail.isEmpty ? nil : tail.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            portText = text[text.index(after: colon)...]
            if portText?.contains(":") == true { throw invalid("an IPv6 address must stand in [ ]") }
        }
        guard let name = PercentText.decode(host), !name.isEmpty else { throw invalid("it has no host") }
        guard let portText else { return (name, 6_379) }
        guard let port = UInt16(portText), port > 0, portText.first?.isNumber == true else {
            throw invalid("its port is no number from 1 to 65535")
        }
        return (name, Int(port))
    }

    private static func database(_ text: some StringProtocol) throws(RedisError) -> Int {
        guard let number = Int(text), number >= 0, number <= Int(Int32.max), text.first?.isNumber == true else {
            throw invalid("its database is no number")
        }
        return number
    }

    private static func parameters(_ text: Substring) throws(RedisError) -> [String: String] {
        var result: [String: String] = [:]
        for part in text.split(separator: "&") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, let name = PercentText.decode(halves[0]), let value = PercentText.decode(halves[1])
            else { throw invalid("a parameter is not written as name=value") }
            result[name] = value
        }
        return result
    }

    private static func invalid(_ what: String) -> RedisError {
        RedisError(
            .settingInvalid,
            "the Redis URL cannot be read: \(what)",
            hint: "write redis://user:password@host:6379/0, rediss://… for TLS, or unix:///path/to/socket"
        )
    }
}
