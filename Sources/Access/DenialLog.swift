import Diagnostics
import Domain
public import Postgres
import Synchronization

/// Writes denials into `audit_logs`, a bounded number of rows however many there are.
///
/// `note` never waits; `run()` has to run beside the service. While no database is there they are counted, up to a bound.
public final class DenialLog: Sendable {
    private let tally = Mutex(DenialTallyStateMachine())
    private let client = Mutex<PostgresClient?>(nil)

    /// A log without a database.
    public init() {}

    /// From now on rows go to this database, as `cortex_api` or the owner; nil for none.
    public func use(_ client: PostgresClient?) {
        self.client.withLock { $0 = client }
    }

    /// Somebody was not let in.
    public func note(_ denial: Denial) {
        tally.withLock { $0.note(denial, at: .now) }
    }

    /// Writes what is due every second, until the task is cancelled.
    public func run() async {
        // Sleeping fails when the task is cancelled, which is the end.
        while (try? await Task.sleep(for: .seconds(1))) != nil { await write() }
    }

    /// Writes what is due now; once more at the end of a service.
    public func write() async {
        guard let client = client.withLock({ $0 }) else { return }
        let now = ContinuousClock.now
        let rows = tally.withLock { $0.take(at: now) }
        guard !rows.isEmpty else { return }
        do {
            try await client.query(Self.insert, Self.parameters(rows), timeout: .seconds(2))
        } catch {
            // They are written when the database is back.
            tally.withLock { $0.failed(rows, takenAt: now) }
        }
    }

    private static let insert = """
        INSERT INTO public.audit_logs
            (event_type, summary, severity, security_impact, ip_address, occurred_at, details)
        SELECT r.event_type, r.summary, 'medium', 'access', nullif(r.address, ''),
            clock_timestamp() - make_interval(secs => r.age::float8), r.details::json
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
            AS r (event_type, summary, address, age, details)
        """

    private static func parameters(_ rows: [DenialRow]) -> [PostgresValue] {
        [
            .textArray(rows.map { $0.denial?.isFailedSignIn == true ? "session.failed" : "access.denied" }),
            .textArray(rows.map(summary)), .textArray(rows.map { $0.denial?.address ?? "" }),
            .textArray(
                rows.map { String(Double($0.age.components.seconds) + Double($0.age.components.attoseconds) * 1e-18) }
            ),
            .textArray(rows.map(details)),
        ]
    }

    private static func summary(_ row: DenialRow) -> String {
        guard let denial = row.denial else { return "\(row.count) further requests were not let in" }
        let times = row.count == 1 ? "" : ", \(row.count) times"
        return "\(denial.method) \(denial.route) was not let in: \(denial.status) \(denial.decision)\(times)"
    }

    private static func details(_ row: DenialRow) -> String {
        var members = [("count", String(row.count))]
        if let denial = row.denial {
            members += [
                ("decision", quoted(denial.decision)), ("status", String(denial.status)),
                ("method", quoted(denial.method)), ("route", quoted(denial.route)),
                ("address", quoted(denial.address)),
            ]
            if let principal = denial.principal { members.append(("principal", quoted(principal))) }
        }
        return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    /// The text in quotation marks; what JSON does not take as it is cannot be in a method, a pattern or an address.
    private static func quoted(_ text: String) -> String {
        "\"" + text.unicodeScalars.filter { $0.value >= 0x20 && $0 != "\"" && $0 != "\\" }.map(String.init).joined()
            + "\""
    }
}
