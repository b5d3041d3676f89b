import Catalog

extension RouteTable {
    /// The kinds that have documents in answers.
    static let servedKinds: [CatalogKind] = [.assets, .tasks, .agents, .documents, .handoffs, .runs]

    /// The kinds that clients write.
    static let writtenKinds: [CatalogKind] = [.assets, .tasks, .agents]

    /// Every route of the service, in the order in which they are documented.
    static let all: RouteTable = {
        let documents = writtenKinds.flatMap { DocumentRoutes.all($0) + [BatchRoutes.route($0)] }
        let parts: [[Route]] = [
            ServiceRoutes.all, AssetRoutes.all, documents, TaskRoutes.all, AgentRoutes.all, OtherDocumentRoutes.all,
            EventRoutes.all,
        ]
        return RouteTable(parts.flatMap(\.self))
    }()
}
