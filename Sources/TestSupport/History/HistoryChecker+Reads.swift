extension HistoryChecker {
    /// P11: answers below the reader's token, or below what the same instance had acknowledged before the question.
    func readsBelowTokens() -> [Breach] {
        var own: [String: KnownVersions] = [:]
        for write in acknowledgements {
            own[write.instance, default: KnownVersions()].note(write.key, write.version, at: write.at)
        }
        return answers.compactMap { answer in
            let read = answer.read
            if case .version(let token) = read.need, read.version < token {
                return Breach(.p11, "\(told(answer)) to a token of v\(token)")
            }
            let acknowledged = own[answer.instance]?.newest(read.key, at: read.begunAt) ?? 0
            if !read.isStale, read.version < acknowledged {
                return Breach(.p11, "\(told(answer)), which itself had acknowledged v\(acknowledged)")
            }
            return nil
        }
    }

    /// P12: unlabelled answers older than the bound; strong ones older than the question.
    func outdatedAnswers() -> [Breach] {
        var known = KnownVersions()
        for write in acknowledgements { known.note(write.key, write.version, at: write.at) }
        return answers.compactMap { outdated($0, known, .p12, "acknowledged") }
    }

    /// P13: values that come back after somebody had seen a newer one, and old values under a new version.
    func returnedValues() -> [Breach] {
        var known = KnownVersions()
        for answer in answers where !answer.read.isAssumed {
            known.note(answer.read.key, answer.read.version, at: answer.at)
        }
        let changes = Dictionary(grouping: committed.changes, by: \.key)
            .mapValues { Dictionary($0.map { ($0.version, $0) }, uniquingKeysWith: { first, _ in first }) }
        return answers.flatMap { answer in
            let change = changes[answer.read.key]?[answer.read.version]
            return [foreign(answer, change), outdated(answer, known, .p13, "answered")].compactMap(\.self)
        }
    }

    /// P15: leases under which PostgreSQL was read more than once; and, once all is quiet, keys that were read anew although
    /// somebody had the lease.
    ///
    /// Before that a change, an eviction or a new epoch may have ended a lease early, which no history shows.
    func repeatedFetches() -> [Breach] {
        var counts: [String: Int] = [:]
        var isQuiet = false
        var last: [String: Int] = [:]
        var breaches: [Breach] = []
        for event in events {
            if case .quiet = event.what { isQuiet = true }
            guard case .fetched(let key, let lease, let epoch) = event.what else { continue }
            counts["\(key) under the lease \(lease)", default: 0] += 1
            guard isQuiet else { continue }
            let place = "\(key) in epoch \(epoch)"
            if let before = last[place], event.at - before < leaseTime, counts["\(key) under the lease \(lease)"] == 1 {
                let pause = (event.at - before) / 1_000_000
                breaches.append(Breach(.p15, "PostgreSQL was asked for \(place) again after \(pause) ms"))
            }
            last[place] = event.at
        }
        return breaches
            + counts.keys.sorted().compactMap { place in
                guard let count = counts[place], count > 1 else { return nil }
                return Breach(.p15, "PostgreSQL was asked \(count) times for \(place)")
            }
    }

    /// P14: cached documents that do not equal the row.
    func differences() -> [Breach] {
        committed.cached.keys.sorted().compactMap { key in
            let cached = committed.cached[key]
            let row = committed.rows[key]
            guard cached != row else { return nil }
            let what =
                cached?.version == row?.version
                ? "another body than" : "v\(cached?.version ?? 0), not v\(row?.version ?? 0) as"
            let bodies = Self.shown(cached?.body ?? [], beside: row?.body ?? [])
            return Breach(.p14, "Redis has \(key) with \(what) PostgreSQL: \(bodies)")
        }
    }

    /// Two bodies from a little before the first byte in which they differ.
    private static func shown(_ cached: [UInt8], beside row: [UInt8]) -> String {
        let same = zip(cached, row).prefix { $0 == $1 }.count
        func part(_ body: [UInt8]) -> String {
            String(decoding: body.dropFirst(max(0, same - 40)).prefix(160), as: UTF8.self)
        }
        let place = "of \(cached.count) and \(row.count) bytes, from byte \(max(0, same - 40))"
        return "\(place): \(part(cached)) | \(part(row))"
    }

    // MARK: Private parts

    /// An answer with what its version is not.
    private func foreign(_ answer: Answer, _ change: CommittedHistory.Change?) -> Breach? {
        let right = change?.isDeletion == false ? change?.mark : nil
        guard answer.read.mark == right else {
            return Breach(.p13, "\(told(answer)) with \(answer.read.mark ?? "nothing"), not \(right ?? "nothing")")
        }
        guard let digest = answer.read.digest, let wanted = change?.digest, digest != wanted else { return nil }
        return Breach(.p13, "\(told(answer)) with another body than that version has")
    }

    private func outdated(_ answer: Answer, _ known: KnownVersions, _ promise: Breach.Promise, _ how: String) -> Breach?
    {
        let read = answer.read
        let bound: Int
        switch read.need {
        case .recent: bound = staleness
        case .strong: bound = 0
        case .version: return nil
        }
        guard !read.isStale, read.version < known.newest(read.key, at: read.begunAt - bound),
            let since = known.newer(read.key, than: read.version)
        else { return nil }
        let age = (read.begunAt - since) / 1_000_000
        return Breach(promise, "\(told(answer)), \(age) ms after a newer one had been \(how)")
    }

    private func told(_ answer: Answer) -> String {
        let read = answer.read
        return "\(answer.instance) answered \(read.key) v\(read.version) from \(read.source)"
    }
}
