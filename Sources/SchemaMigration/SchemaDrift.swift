/// One object of the database that differs from what the migrations made.
public struct SchemaDrift: Sendable, Hashable, Encodable {
    /// The object, such as `column public.tasks.title` or `grant on table public.tasks to cortex_readonly`.
    public let object: String
    /// Its definition when the migrations were applied; nil when they made no such object.
    public let expected: String?
    /// Its definition now; nil when it is gone.
    public let actual: String?
}
