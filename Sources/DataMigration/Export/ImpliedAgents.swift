import Domain
import Postgres
import SourceTree

/// Agents that only the records of their runs describe: a run that is written anew must not make others of them.
struct ImpliedAgents {
    let planner: ExportPlanner

    /// Gives the agents that a written record implies a file where a new import would take them from that record and find
    /// something else than the database has.
    func keep(_ record: ExtractedRecord, _ standing: NewFiles.Standing) async throws {
        for implied in record.rows where implied.table == .agents && !implied.role.isEmpty {
            guard implied.values.contains(.text("defined")), let row = try await row(of: implied),
                let sourceID = row.sourceRecordID, let base = try await planner.record(id: sourceID),
                !planner.extractor.tables(ofKind: base.kind).contains(CatalogTable.agents.name)
            else { continue }
            let isSame = implied.values == row.values
            let isItself = standing.recordID == base.recordID
            // The best of several records may be another one when its time goes back.
            let canLose = isItself && (standing.newestTime ?? .min) < (base.newestTime ?? .min)
            guard isItself ? !isSame || canLose : !isSame && standing.wins(over: base) else { continue }
            try await NewFiles(planner: planner).create(row)
        }
    }

    private func row(of implied: MappedRow) async throws -> ChangePlanner.Row? {
        let table = CatalogTable.agents
        guard let index = table.mappedColumns.firstIndex(where: { $0.name == table.key[0] }),
            let key = implied.values[index].asText
        else { return nil }
        let reading = RowReading(table: table)
        return try await planner.session.query(
            "SELECT \(reading.columns) FROM public.\(table.name) t WHERE t.\(quoted(table.key[0])) = $1",
            [.text(key)]
        ).rows.first.map { ChangePlanner.Row($0, reading) }
    }
}
