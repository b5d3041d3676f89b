import Foundation
import Postgres
import Synchronization

extension TaskRows {
    /// Encodes on a thread of its own while the rows before are sent; gives how many rows the server took.
    ///
    /// Calls `begin` once the session is open, before the first byte is read.
    func load(url: String, table: String, begin: () -> Void) async throws -> [String: Int] {
        let configuration = try PostgresConfiguration(url: url, applicationName: "cortex-measure")
        return try await PostgresClient.withClient(configuration, maximumSessions: 1) { client in
            try await client.withSession { session in
                begin()
                return ["rows": try await copy(into: table, session)]
            }
        }
    }

    private func copy(into table: String, _ session: PostgresSession) async throws -> Int {
        let (pieces, mouth) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
        // Unlike the stream, this bounds what is encoded and not sent.
        let room = DispatchSemaphore(value: 3)
        let spare = Mutex<[[UInt8]]>([])
        let thread = Thread {
            do {
                _ = try encode { piece in
                    room.wait()
                    mouth.yield(piece)
                    piece = spare.withLock { $0.popLast() } ?? []
                }
                mouth.finish()
            } catch {
                mouth.finish(throwing: error)
            }
        }
        thread.stackSize = 2 << 20
        thread.start()
        let columns = Self.columns.joined(separator: ", ")
        return try await session.copyIn("COPY \(table) (\(columns)) FROM STDIN (FORMAT binary)") { writer in
            for try await piece in pieces {
                room.signal()
                try await writer.write(piece)
                spare.withLock { $0.append(piece) }
            }
        }
    }
}
