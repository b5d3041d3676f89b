import Foundation

/// What the fault rig looks at in the document of a task.
public struct TaskDocument: Decodable, Sendable {
    private let title: String?

    /// The mark in the body: the title; nil when the body is none of a task.
    public static func mark(in body: [UInt8]) -> String? {
        // A body that cannot be read has no mark, and the checker says so.
        (try? JSONDecoder().decode(TaskDocument.self, from: Data(body)))?.title
    }
}
