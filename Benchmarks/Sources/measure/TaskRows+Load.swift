import Foundation
import Postgres

extension TaskRows {
    /// Encodes on a thread of its own while the rows before are sent; gives how many rows the server took.
    func load(url: String, table: String) async throws -> [String: Int] {
        let (pieces, mouth) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
        // Unlike the stream, this bounds what is encoded and not sent.
        let room = DispatchSemaphore(value: 3)
        let thread = Thread {
            do {
                _ = try encode { piece in
                    room.wait()
                    mouth.yield(piece)
                }
                mouth.finish()
            } catch {
                mouth.finish(throwing: error)
            }
        }
        thread.stackSize = 2 << 20
        thread.start()
        let configuration = try PostgresConfiguration(url: url, applicationName: "cortex-measure")
        let rows = try await PostgresClient.withClient(configuration, maximumSessions: 1) { client in
            try await client.withSession { session in
                let columns = Self.columns.joined(separator: ", ")
                return try await session.copyIn("COPY \(table) (\(columns)) FROM STDIN (FORMAT binary)") { writer in
                    for try await piece in pieces {
                        room.signal()
                        try await writer.write(piece)
                    }
                }
            }
        }
        return ["rows": rows]
    }
}
