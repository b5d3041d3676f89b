/// Numbers in PostgreSQL that never fall, not even when a database is restored or made anew.
enum RisingNumber {
    /// The expression of the next one: one more than the column has, or the milliseconds since 1970 if that is more.
    static func next(_ column: String) -> String {
        "greatest(\(column) + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)"
    }
}
