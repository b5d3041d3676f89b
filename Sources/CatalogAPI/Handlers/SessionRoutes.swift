import Access
import Catalog
import Diagnostics
import Domain
import HTTPTypes
import Hummingbird
import LosslessJSON

/// Signing in with name and password, and out again.
enum SessionRoutes {
    static let all = [begin, end]

    private static let begin = Route(
        operation: "beginSession",
        method: .post,
        template: "/api/sessions",
        tag: "sessions",
        summary: "Sign in with name and password; the answer is a key for twelve hours.",
        right: .open,
        body: Route.Body(
            mediaTypes: ["application/json"],
            schema: .object(
                [(name: "user", schema: .string()), (name: "password", schema: .string())],
                required: ["user", "password"],
                isOpen: false
            )
        ),
        outcomes: [
            .json(
                "The key; it is shown once.",
                .object(
                    [
                        (name: "key", schema: .string()), (name: "expires_at", schema: .string(format: "date-time")),
                        (name: "principal", schema: .string()), (name: "scopes", schema: .array(.string())),
                        (name: "clearance", schema: .nullable(.string(values: Sensitivity.allCases.map(\.rawValue)))),
                    ],
                    required: ["key", "expires_at", "principal", "scopes", "clearance"]
                ),
                status: 201
            )
        ],
        problems: [401, 429]
    ) { call in
        let fields = try FieldReader(try await call.json().root, names: ["user", "password"])
        guard let user = try fields.string("user") else {
            throw APIError(.requestInvalid, "the body names no user", pointer: "/user")
        }
        guard let password = try fields.string("password") else {
            throw APIError(.requestInvalid, "the body has no password", pointer: "/password")
        }
        do {
            let session = try await call.service.sessions.begin(user, Secret(password), from: call.address)
            let body: OrderedJSON = [
                "key": .string(session.key.text.reveal()),
                "expires_at": .string(Instants.text(session.expiresAt)),
                "principal": .string(session.principal.name),
                "scopes": .array(session.principal.scopes.names.map(OrderedJSON.string)),
                "clearance": .optional(session.principal.clearance?.rawValue),
            ]
            return .json(body.bytes, status: 201, [.cacheControl: "no-store"])
        } catch let error as AccessError {
            call.service.refuse(error, call.request, "/api/sessions", principal: nil, from: call.address)
            throw error
        }
    }

    private static let end = Route(
        operation: "endSession",
        method: .delete,
        template: "/api/sessions",
        tag: "sessions",
        summary: "Sign out: the key that is presented is not valid any more.",
        right: .read,
        outcomes: [.bare(204, "It is revoked.")]
    ) { call in
        guard case .key(let id)? = call.principal?.kind else {
            throw APIError(.requestInvalid, "no key was presented", parameter: "Authorization")
        }
        try await call.service.sessions.end(id, by: call.author.principal)
        return Response(status: .noContent, headers: [:], body: .init { try await $0.finish(nil) })
    }
}
