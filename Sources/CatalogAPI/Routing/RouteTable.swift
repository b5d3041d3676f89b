import HTTPTypes

/// The routes that there are, as a tree of path segments.
struct RouteTable: Sendable {
    /// What a path leads to.
    enum Match: Sendable {
        case route(Route, parameters: [String: Substring])
        /// The path exists, the method does not.
        case otherMethods([HTTPRequest.Method])
        case nothing
    }

    private struct Node {
        var literals: [Substring: Int] = [:]
        var parameter: Int?
        var routes: [HTTPRequest.Method: Route] = [:]
    }

    /// The routes in the order in which they are documented.
    let routes: [Route]
    private var nodes: [Node] = [Node()]

    /// Two routes with one method and path are a mistake in the program.
    init(_ routes: [Route]) {
        self.routes = routes
        for route in routes {
            var place = 0
            for segment in route.segments { place = child(of: place, segment) }
            precondition(nodes[place].routes[route.method] == nil, "\(route.method) \(route.template) stands twice")
            nodes[place].routes[route.method] = route
        }
    }

    private mutating func child(of place: Int, _ segment: Substring) -> Int {
        let known = segment.first == "{" ? nodes[place].parameter : nodes[place].literals[segment]
        if let known { return known }
        nodes.append(Node())
        let made = nodes.count - 1
        if segment.first == "{" { nodes[place].parameter = made } else { nodes[place].literals[segment] = made }
        return made
    }

    /// What the path's segments, still encoded, lead to; HEAD is answered where GET is.
    func match(_ method: HTTPRequest.Method, _ segments: [Substring]) -> Match {
        var values: [Substring] = []
        guard let place = place(of: segments[...], from: 0, &values) else { return .nothing }
        let routes = nodes[place].routes
        if let route = routes[method] ?? (method == .head ? routes[.get] : nil) {
            return .route(route, parameters: Dictionary(uniqueKeysWithValues: zip(route.pathParameters, values)))
        }
        return .otherMethods(Self.allowed(routes.keys))
    }

    private func place(of segments: ArraySlice<Substring>, from place: Int, _ values: inout [Substring]) -> Int? {
        guard let segment = segments.first else { return nodes[place].routes.isEmpty ? nil : place }
        let rest = segments.dropFirst()
        if let next = nodes[place].literals[segment], let found = self.place(of: rest, from: next, &values) {
            return found
        }
        guard let next = nodes[place].parameter, !segment.isEmpty else { return nil }
        values.append(segment)
        if let found = self.place(of: rest, from: next, &values) { return found }
        values.removeLast()
        return nil
    }

    /// The methods of a path, those that follow from them included, in a stable order.
    private static func allowed(_ methods: some Sequence<HTTPRequest.Method>) -> [HTTPRequest.Method] {
        var all = Set(methods)
        if all.contains(.get) { all.insert(.head) }
        all.insert(.options)
        return all.sorted { $0.rawValue < $1.rawValue }
    }
}
