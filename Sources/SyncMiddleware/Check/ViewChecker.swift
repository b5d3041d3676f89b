import Domain
import Postgres
import RESP
import Redis

/// Compares the published view with PostgreSQL, both ways: what has to be there, and what may not.
struct ViewChecker: Sendable {
    let view: PublishedView
    /// How many mismatches are told at most.
    let limit: Int
    /// The share of the time that it works.
    var share = 1.0

    private var store: ViewStore { view.store }
    private var pageRows: Int { view.configuration.pageRows }
    /// So many suspects are kept; beyond it the view is so wrong that it has to be made anew anyway.
    private static let suspectLimit = 10_000

    /// Compares everything; differences that are gone after the settle time were changes on their way.
    func check() async throws -> CacheCheckReport {
        var report = CacheCheckReport()
        var suspects: [ViewItem] = []
        var strays: [ViewPlace] = []
        var pace = WorkPace(share: share)
        func suspect(_ items: [ViewItem]) { suspects += items.prefix(Self.suspectLimit - suspects.count) }
        for kind in ViewKind.allCases where view.configuration.kinds.contains(kind) {
            try await forEachPage(kind) { items, values in
                report.checked += items.count
                suspect(try await faults(items, values).map(\.item))
            }
        }
        try await ViewScan(store: store).forEachPlace { places in
            let items = places.compactMap(ViewItem.init)
            report.checked += places.count
            strays += places.filter { ViewItem($0) == nil }.prefix(Self.suspectLimit - strays.count)
            try await withMoment { session in
                suspect(try await faults(items, try await expected(items, session)).map(\.item))
            }
            try await pace.rest()
        }
        var metadata = try await metadataFault()
        report.checked += 1
        let first = Set(suspects).count + strays.count + (metadata == nil ? 0 : 1)
        guard first > 0 else { return finished(report, [], first) }
        try await Task.sleep(for: view.configuration.settleTime)

        var found: [CacheMismatch] = []
        for items in Array(Set(suspects)).pages(of: pageRows) {
            try await withMoment { session in
                let values = try await expected(items, session)
                found += try await faults(items, values).map { $0.mismatch(values.versions) }
            }
        }
        found += try await remaining(strays)
        metadata = try await metadataFault()
        if let metadata { found.append(metadata) }
        // An edge is suspected from both its ends and by its row.
        var seen: Set<[String?]> = []
        return finished(report, found.filter { seen.insert([$0.key, $0.member]).inserted }, first)
    }

    private func finished(_ report: CacheCheckReport, _ found: [CacheMismatch], _ first: Int) -> CacheCheckReport {
        var report = report
        report.mismatches = found.count
        report.settled = max(0, first - found.count)
        report.nines = CacheCheckReport.nines(checked: report.checked, mismatches: found.count)
        let order = found.sorted { ($0.key, $0.member ?? "") < ($1.key, $1.member ?? "") }
        report.keys = Array(order.prefix(limit))
        return report
    }

    // MARK: What has to be there

    /// What PostgreSQL says about places: the value of each that has to be there, and the versions of rows.
    struct Expected: Sendable {
        var values: [ViewFact: [UInt8]] = [:]
        var versions: [ExactText: Int] = [:]

        mutating func add(_ row: ViewRow, _ kind: ViewKind) {
            versions[ExactText("\(kind.rawValue):\(row.id)")] = row.version
            for fact in row.facts where !fact.isPrivate { values[fact.place] = fact.value }
        }
    }

    private func forEachPage(_ kind: ViewKind, _ body: ([ViewItem], Expected) async throws -> Void) async throws {
        var last: String?
        var pace = WorkPace(share: share)
        repeat {
            let before = last
            last = try await withMoment { session in
                var (items, values, bytes) = ([ViewItem](), Expected(), 0)
                let ids = try await ViewReader(session: session).page(kind, after: before, limit: pageRows) { row in
                    bytes += row.body.count
                    values.add(row, kind)
                    items += row.facts.filter { !$0.isPrivate }.map { ViewItem($0, kind: kind, id: row.id) }
                    guard bytes >= view.configuration.batchBytes else { return }
                    try await body(items, values)
                    (items, values, bytes) = ([], Expected(), 0)
                }
                try await body(items, values)
                return ids.count < pageRows ? nil : ids.last
            }
            try await pace.rest()
        } while last != nil
    }

    /// What PostgreSQL says about these places.
    private func expected(_ items: [ViewItem], _ session: PostgresSession) async throws -> Expected {
        var values = Expected()
        let reader = ViewReader(session: session)
        for kind in [ViewKind.agents, .tasks, .assets] where view.configuration.kinds.contains(kind) {
            let ids = Set(items.filter { $0.kind == kind && $0.place.form != .inUse }.map { ExactText($0.id) })
            try await reader.rows(kind, ids.sorted().map(\.text)) { values.add($0, kind) }
        }
        if view.configuration.kinds.contains(.assets) {
            for index in ViewIndex.allCases {
                let used = items.filter { $0.place.form == .inUse && $0.place.key == index.values }.map(\.place.member)
                for row in try await session.query(ViewQueries.valuesInUse(index), [.textArray(used)]).rows {
                    guard let value = row["value"].string else { continue }
                    values.values[ViewFact(.inUse, index.values, value)] = []
                }
            }
        }
        if view.configuration.kinds.contains(.lineage) {
            try await addEdges(items.filter { $0.place.form == .edge }, session, &values)
        }
        return values
    }

    /// Edges are asked for by the rows that the view remembers for them; only those that none of these says are looked
    /// for among all rows.
    private func addEdges(_ items: [ViewItem], _ session: PostgresSession, _ values: inout Expected) async throws {
        guard !items.isEmpty else { return }
        var ids = Set(items.map(\.id).filter { !$0.isEmpty })
        if try await store.send("TYPE", [.text(ViewKeys.edges)]).text == "hash" {
            let fields = items.map { RESPArgument.text("\($0.place.key.utf8.count):\($0.place.key)\($0.place.member)") }
            for value in try await store.send("HMGET", [.text(ViewKeys.edges)] + fields).elements ?? [] {
                guard let bytes = value.bytes else { continue }
                ids.formUnion(bytes.pages(of: 36).compactMap { ViewKind.lineage.id($0) })
            }
        }
        let reader = ViewReader(session: session)
        for page in ids.sorted().pages(of: pageRows) {
            try await reader.rows(.lineage, page) { values.add($0, .lineage) }
        }
        let open = items.filter { values.values[$0.place] == nil }
        guard !open.isEmpty else { return }
        let ends: [PostgresValue] = [.textArray(open.map(\.place.key)), .textArray(open.map(\.place.member))]
        let rows = try await session.query(ViewQueries.lineageOfEnds, ends).rows
        for page in rows.compactMap({ $0["id"].string }).pages(of: pageRows) {
            try await reader.rows(.lineage, page) { values.add($0, .lineage) }
        }
    }

    // MARK: What is there

    /// A place that is not as it has to be.
    private struct Fault {
        let item: ViewItem
        let key: String
        let member: String
        let reason: CacheMismatch.Reason

        func mismatch(_ versions: [ExactText: Int]) -> CacheMismatch {
            CacheMismatch(
                key: Array(key.utf8),
                member: Array(member.utf8),
                reason: reason,
                kind: item.kind.rawValue,
                id: item.id.isEmpty || item.place.form == .inUse ? nil : item.id,
                expectedVersion: versions[ExactText("\(item.kind.rawValue):\(item.id)")]
            )
        }
    }

    private func faults(_ items: [ViewItem], _ expected: Expected) async throws -> [Fault] {
        var places: [(item: ViewItem, fact: ViewFact)] = []
        for item in items { places += item.place.published.map { (item, $0) } }
        var result: [Fault] = []
        for page in places.pages(of: pageRows) {
            for (place, probe) in zip(page, try await store.probe(page.map(\.fact))) {
                guard let reason = reason(place.fact, expected.values[place.item.place.place], probe) else { continue }
                result.append(
                    Fault(item: place.item, key: place.fact.key, member: place.fact.member, reason: reason)
                )
            }
        }
        return result
    }

    private func reason(_ fact: ViewFact, _ wanted: [UInt8]?, _ probe: ViewStore.Probe) -> CacheMismatch.Reason? {
        switch (wanted, probe) {
        case (nil, .nothing): return nil
        case (nil, .value): return .unexpected
        case (_, .otherType): return .wrongType
        // A document of its own key expires.
        case (_?, .nothing): return fact.form == .document ? nil : .missing
        case (let wanted?, .value(let there)):
            switch fact.form {
            case .field, .document: return wanted == there ? nil : .different
            case .score:
                let numbers = [wanted, there].map { Double(String(decoding: $0, as: UTF8.self)) }
                return numbers[0] == numbers[1] ? nil : .different
            case .member, .inUse, .edge: return nil
            }
        }
    }

    /// Keys that belong to no family, or hold what can be no id, that are still there.
    private func remaining(_ strays: [ViewPlace]) async throws -> [CacheMismatch] {
        var result: [CacheMismatch] = []
        for place in strays {
            let type = try await store.send("TYPE", [.bytes(place.found)]).text ?? ""
            guard type != "none" else { continue }
            let reason: CacheMismatch.Reason =
                if let family = ViewFamily(place.found) { family.type == type ? .unexpected : .wrongType } else {
                    .unexpected
                }
            result.append(
                CacheMismatch(key: place.found, member: place.form == nil ? [] : place.member, reason: reason)
            )
        }
        return result
    }

    private func metadataFault() async throws -> CacheMismatch? {
        guard view.configuration.kinds.contains(.assets) else { return nil }
        let (count, discovery) = try await withMoment { session in
            let moment = try await ViewMoment(session, epoch: 0)
            return (try await session.query(ViewQueries.openAssetCount).first?["count"].integer ?? 0, moment.discovery)
        }
        let key = Array(ViewKeys.metadata.utf8)
        let type = try await store.send("TYPE", [.bytes(key)]).text
        // A catalog that never had an asset has no metadata.
        if type == "none" { return count == 0 ? nil : CacheMismatch(key: key, reason: .missing) }
        guard type == "string" else { return CacheMismatch(key: key, reason: .wrongType) }
        let (head, tail) = ViewStore.metadata(discovery)
        let there = try await store.send("GET", [.bytes(key)]).text
        return there == "\(head)\(count)\(tail)" ? nil : CacheMismatch(key: key, reason: .different)
    }

    private func withMoment<R>(_ body: (PostgresSession) async throws -> R) async throws -> R {
        try await view.postgres.withTransaction(.readOnly) { session in
            try await session.query(DocumentQueries.settings)
            return try await body(session)
        }
    }
}
