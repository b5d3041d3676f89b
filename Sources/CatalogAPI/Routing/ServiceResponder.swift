import Access
import Diagnostics
import HTTPTypes
import Hummingbird
import Logging
import Monitoring
import NIOCore
import NIOHTTP1

/// What Hummingbird hands to the responder beside the request.
struct ServiceContext: InitializableFromSource, Sendable {
    let logger: Logger
    /// The address of the peer, without its port.
    let address: String

    init(source: ApplicationRequestContextSource) {
        logger = source.logger
        address = source.channel.remoteAddress?.ipAddress ?? "local"
    }
}

/// Answers every request that the fast lane does not: finds its route, asks who comes, and turns errors into problems.
struct ServiceResponder: HTTPResponder {
    private let routes: RouteTable
    private let service: ServiceParts

    init(_ routes: RouteTable, _ service: ServiceParts) {
        self.routes = routes
        self.service = service
    }

    /// Throws only what says that the connection cannot go on.
    func respond(to request: Request, context: ServiceContext) async throws -> Response {
        let began = ContinuousClock.now
        var generator = SystemRandomNumberGenerator()
        let given = request.headers[.traceparent].flatMap { TraceContext(traceparent: $0) }
        let trace = given?.child(using: &generator) ?? .random(using: &generator)
        service.metrics.underWay(1)
        defer { service.metrics.underWay(-1) }
        var (response, template) = try await TraceContext.$current.withValue(trace) {
            try await answer(request, context)
        }
        if given != nil { response.headers[.traceparent] = trace.traceparent }
        // A stream ends when its reader goes: its time says nothing.
        let isStream = response.body.contentLength == nil && response.status == .ok
        service.metrics.answered(
            template,
            request.method,
            status: response.status.code,
            after: isStream ? nil : began.duration(to: .now)
        )
        return request.method == .head ? Self.withoutBody(response) : response
    }

    private func answer(_ request: Request, _ context: ServiceContext) async throws -> (Response, template: String) {
        var template = "unknown"
        do {
            let response = try await respond(request, context, &template)
            return (response, template)
        } catch let error as HTTPParserError {
            throw error
        } catch {
            let problem = Problem(
                error,
                trace: TraceContext.current?.traceID.description,
                retryAfter: (error as? AccessError)?.retryAfter ?? service.configuration.retryAfter
            )
            report(error, problem, template, context.logger)
            return (problem.response, template)
        }
    }

    private func respond(
        _ request: Request,
        _ context: ServiceContext,
        _ template: inout String
    ) async throws -> Response {
        if request.method == .options, request.head.path == "*" {
            template = "*"
            return Self.empty(status: 204)
        }
        guard let target = RequestTarget(request.head.path ?? "") else {
            throw APIError(.requestFraming, "the request target is no path", fields: ["Connection": "close"])
        }
        switch routes.match(request.method, target.segments) {
        case .nothing:
            throw APIError(
                .routeUnknown,
                "there is no such route",
                hint: "GET /openapi.json lists those that there are"
            )
        case .otherMethods(let methods):
            let allow = methods.map(\.rawValue).joined(separator: ", ")
            if request.method == .options { return Self.empty(status: 204, [.allow: allow]) }
            throw APIError(
                .methodNotAllowed,
                "the route does not have this method",
                fields: ["Allow": allow]
            )
        case .route(let route, let values):
            template = route.template
            let principal = try await admit(request, route, context)
            let call = Call(
                service: service,
                request: request,
                target: target,
                path: try Self.decoded(values),
                query: try Self.query(target, of: route),
                principal: principal,
                address: context.address
            )
            return try await route.handler(call)
        }
    }

    private static func empty(status: Int, _ headers: HTTPFields = [:]) -> Response {
        Response(status: .init(code: status), headers: headers, body: .init { try await $0.finish(nil) })
    }

    /// The answer to HEAD: the fields of the answer to GET.
    private static func withoutBody(_ response: Response) -> Response {
        var headers = response.headers
        // Without a length the end of the answer would be sent as that of a chunked body.
        if headers[.contentLength] == nil, ![204, 304].contains(response.status.code) { headers[.contentLength] = "0" }
        return Response(status: response.status, headers: headers, body: .init { try await $0.finish(nil) })
    }

    // MARK: Who comes

    private func admit(_ request: Request, _ route: Route, _ context: ServiceContext) async throws -> Principal? {
        guard let scope = route.right.scope else { return nil }
        var known: Principal?
        do {
            let now = ContinuousClock.now
            let caller = try await service.authenticator.authenticate(
                request.headers[.authorization],
                from: context.address,
                at: now
            )
            known = caller.principal
            try caller.admit(at: now)
            try caller.principal.require(scope)
            service.metrics.admitted(caller.principal)
            return caller.principal
        } catch {
            service.refuse(error, request, route.template, principal: known?.name, from: context.address)
            throw error
        }
    }

    // MARK: What is asked

    private static func decoded(_ values: [String: Substring]) throws -> [String: String] {
        try values.mapValues { value in
            guard let text = PercentCoding.decoded(value) else {
                throw APIError.invalid(parameter: "id", "a part of the path is not percent-encoded UTF-8")
            }
            // No id holds U+0000: PostgreSQL has no text with it.
            guard !text.utf8.contains(0) else { throw APIError.missing }
            return text
        }
    }

    private static func query(_ target: RequestTarget, of route: Route) throws -> [String: String] {
        let parameters = try target.parameters()
        let known = route.parameters.filter { $0.place == .query }.map(\.name)
        if let other = parameters.keys.sorted().first(where: { !known.contains($0) }) {
            throw APIError.invalid(parameter: other, "the route has no such parameter")
        }
        return parameters
    }

    // MARK: The log

    private func report(_ error: any Error, _ problem: Problem, _ template: String, _ logger: Logger) {
        let level: Logger.Level =
            switch problem.code.meaning.logLevel {
            case .info: .debug
            case .warning: .warning
            case .error: .error
            }
        logger.log(
            level: level,
            "a request was answered with a problem",
            metadata: ["route": "\(template)", "code": "\(problem.code.rawValue)", "cause": "\(error)"]
        )
    }
}

extension Route.Right {
    /// The scope that a caller needs; nil: none.
    var scope: AccessScopes? {
        switch self {
        case .open: nil
        case .read: .read
        case .write: .write
        case .admin: .admin
        }
    }
}
