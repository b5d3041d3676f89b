import Catalog
import Hummingbird

/// Documents whose kind has no table of its own: to be read only.
enum OtherDocumentRoutes {
    static let all = [list, read]

    private static let list = Route(
        operation: "listDocuments",
        method: .get,
        template: "/api/documents/{kind}",
        tag: "documents",
        summary: "List the documents of a kind, page by page in the order of their ids.",
        right: .read,
        parameters: ListAnswer.parameters(.documents, without: ["kind"]),
        outcomes: [.json("A page.", ListAnswer.schema(.documents))]
    ) { call in
        try await ListAnswer(.documents, fixed: ["kind": call.path["kind"] ?? ""]).response(call)
    }

    private static let read = Route(
        operation: "getDocument",
        method: .get,
        template: "/api/documents/{kind}/{id}",
        tag: "documents",
        summary: "Read one document.",
        right: .read,
        parameters: DocumentRoutes.readFields,
        outcomes: [.json("The document.", .named("Document")), .bare(304, "The reader has this version already.")]
    ) { call in
        let kind = call.path["kind"] ?? ""
        // The two are joined by this character: a kind with one in it would name another document.
        guard !kind.contains("\u{1f}") else { throw APIError.missing }
        return try await DocumentRoutes.document(call, .document(kind: kind, id: call.id))
    }
}
