extension HistoryChecker {
    /// P9: acknowledged writes of which PostgreSQL knows nothing.
    func lostWrites() -> [Breach] {
        let marks = Dictionary(grouping: committed.changes, by: \.key)
            .mapValues { Dictionary($0.map { ($0.version, $0.mark) }, uniquingKeysWith: { first, _ in first }) }
        return acknowledgements.compactMap { write in
            let found = marks[write.key]?[write.version]
            guard found != write.mark else { return nil }
            let instead = found.map { "that version is \($0)" } ?? "there is no such version"
            return Breach(
                .p9,
                "\(write.instance) acknowledged \(write.mark) as \(write.key) v\(write.version), but \(instead)"
            )
        }
    }

    /// P10: idempotency keys that took effect more than once, or were acknowledged in two ways.
    func repeatedWrites() -> [Breach] {
        let effects = Dictionary(grouping: committed.changes, by: \.mark).filter { $0.value.count > 1 }
        let replies = Dictionary(grouping: acknowledgements, by: \.mark)
            .mapValues { Set($0.map { "\($0.key) v\($0.version)" }) }
            .filter { $0.value.count > 1 }
        return effects.keys.sorted().map { mark in
            let places = (effects[mark] ?? []).map { "\($0.key) v\($0.version)" }
            return Breach(.p10, "\(mark) took effect as \(places.joined(separator: " and "))")
        }
            + replies.keys.sorted().map { mark in
                let places = (replies[mark] ?? []).sorted()
                return Breach(.p10, "\(mark) was acknowledged as \(places.joined(separator: " and "))")
            }
    }

    /// P17: feed rows that the relay left out, passed twice, or passed in the wrong order of their key.
    func relayFaults() -> [Breach] {
        let entries = Dictionary(committed.feed.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var breaches: [Breach] = []
        if committed.numbered != committed.passed.count {
            breaches.append(
                Breach(.p17, "the relay numbered \(committed.numbered) rows and passed \(committed.passed.count)")
            )
        }
        var last: [String: Int] = [:]
        var seen: Set<Int> = []
        for id in committed.passed {
            guard let entry = entries[id] else {
                breaches.append(Breach(.p17, "feed row \(id) was passed, but never committed"))
                continue
            }
            if !seen.insert(id).inserted {
                breaches.append(Breach(.p17, "feed row \(id), \(entry.key) v\(entry.version), was passed twice"))
            } else if let before = last[entry.key], before >= entry.version {
                breaches.append(Breach(.p17, "\(entry.key) v\(entry.version) was passed after v\(before)"))
            }
            last[entry.key] = max(last[entry.key] ?? 0, entry.version)
        }
        for entry in committed.feed where !seen.contains(entry.id) {
            breaches.append(Breach(.p17, "feed row \(entry.id), \(entry.key) v\(entry.version), was never passed"))
        }
        return breaches
    }
}
