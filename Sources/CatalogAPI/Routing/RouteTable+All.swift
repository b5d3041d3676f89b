import Catalog

extension RouteTable {
    /// The kinds that have documents in answers.
    static let servedKinds: [CatalogKind] = [.assets, .tasks, .agents, .documents, .handoffs, .runs]

    /// The kinds that clients write.
    static let writtenKinds: [CatalogKind] = [.assets, .tasks, .agents]

    /// Every route of the service, in the order in which they are documented.
    static let all = RouteTable(ServiceRoutes.open + ServiceRoutes.operation + catalogRoutes + AdminRoutes.all)

    /// Those that clients of the catalog use.
    private static let catalog = RouteTable(ServiceRoutes.open + catalogRoutes)

    /// Those that are for whoever runs the service.
    private static let operation = RouteTable(ServiceRoutes.open + ServiceRoutes.operation + AdminRoutes.all)

    private static let catalogRoutes: [Route] = {
        let documents = writtenKinds.flatMap { DocumentRoutes.all($0) + [BatchRoutes.route($0)] }
        let parts: [[Route]] = [
            AssetRoutes.all, documents, TaskRoutes.all, AgentRoutes.all, OtherDocumentRoutes.all, EventRoutes.all,
            SessionRoutes.all,
        ]
        return parts.flatMap(\.self)
    }()

    /// The routes of a listener.
    static func of(_ routes: ServedRoutes) -> RouteTable {
        switch routes {
        case .all: all
        case .catalog: catalog
        case .operation: operation
        }
    }

    /// Whether documents are read here.
    var hasDocuments: Bool { routes.contains { $0.tag == CatalogKind.assets.rawValue } }
}
