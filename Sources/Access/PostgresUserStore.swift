import Diagnostics
public import Postgres

/// Users in the table `users`; what is done to them is audited by its triggers.
public struct PostgresUserStore: Sendable {
    private let client: PostgresClient

    /// The store of this database, as `cortex_api` or the owner.
    public init(_ client: PostgresClient) {
        self.client = client
    }

    /// All users, by id.
    public func list() async throws -> [UserRecord] {
        try await client.query(Self.select + " ORDER BY user_id").rows.compactMap(Self.record)
    }

    /// The user of this id and the hash of the password; nil when there is none.
    func find(_ id: String) async throws -> (record: UserRecord, passwordHash: String?)? {
        guard
            let row = try await client.query(Self.select + " WHERE user_id = $1", [.text(id)], timeout: .seconds(2))
                .first
        else { return nil }
        return Self.record(row).map { ($0, row["password_hash"].string) }
    }

    /// Makes a user.
    ///
    /// Throws `usage` for an id that none may have, `access.conflict` when there is one of that id.
    public func create(_ user: UserRecord, passwordHash: PasswordHash?, by principal: String) async throws {
        try UserRecord.check(id: user.userID)
        let made = try await change(by: principal) { session in
            try await session.query(
                """
                INSERT INTO public.users (user_id, username, email, full_name, role, password_hash, is_active, created_at)
                VALUES ($1, $1, $2, $3, $4, $5, true, now()) ON CONFLICT (user_id) DO NOTHING
                """,
                [
                    .text(user.userID), .optional(user.email), .optional(user.fullName), .optional(user.role),
                    .optional(passwordHash?.text),
                ]
            )
        }
        guard made == 1 else {
            throw AccessError(
                .accessConflict,
                "there is a user \(user.userID)",
                hint: "cortex users set-password gives it another password."
            )
        }
    }

    /// Enables or disables a user; the keys of a disabled one are not valid within a second.
    ///
    /// Throws `not_found`.
    public func setActive(_ id: String, _ isActive: Bool, by principal: String) async throws {
        let changed = try await change(by: principal) { session in
            try await session.query(
                "UPDATE public.users SET is_active = $2 WHERE user_id = $1",
                [.text(id), .boolean(isActive)]
            )
        }
        guard changed == 1 else { throw Self.missing(id) }
    }

    /// Gives a user another password.
    ///
    /// Throws `not_found`.
    public func setPassword(_ id: String, _ hash: PasswordHash, by principal: String) async throws {
        let changed = try await change(by: principal) { session in
            try await session.query(
                "UPDATE public.users SET password_hash = $2 WHERE user_id = $1",
                [.text(id), .text(hash.text)]
            )
        }
        guard changed == 1 else { throw Self.missing(id) }
    }

    /// Runs one statement in the principal's name and says how many rows it changed.
    private func change(
        by principal: String,
        _ body: (PostgresSession) async throws -> PostgresResult
    ) async throws -> Int {
        try await client.withTransaction { session in
            try await session.actAs(principal)
            return try await body(session).affected
        }
    }

    private static func missing(_ id: String) -> AccessError {
        AccessError(.notFound, "there is no user of this id", hint: "cortex users list shows them")
    }

    private static let select = """
        SELECT user_id, email, full_name, role, password_hash, coalesce(is_active, true) AS active,
            extract(epoch FROM created_at) AS created
        FROM public.users
        """

    private static func record(_ row: PostgresRow) -> UserRecord? {
        guard let id = row["user_id"].string, let isActive = row["active"].boolean else { return nil }
        var record = UserRecord(userID: id, isActive: isActive, hasPassword: !row["password_hash"].isNull)
        record.email = row["email"].string
        record.fullName = row["full_name"].string
        record.role = row["role"].string
        record.createdAt = row["created"].date
        return record
    }
}
