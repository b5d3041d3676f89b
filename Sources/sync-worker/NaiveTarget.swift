import RESP
import Redis
import TestSupport

/// A cache in Redis as it is often written: look there, else read and store; delete after a write.
///
/// It breaks several promises, and the rig must say so.
struct NaiveTarget: LoadTarget {
    let database: DatabaseTarget
    let redis: RedisClient

    private static let deadline = Duration.milliseconds(50)

    func read(_ key: String, _ need: HistoryRead.Need) async -> LoadAnswer? {
        if need != .strong, let cached = await cached(key) { return cached }
        guard let answer = await database.read(key, need) else { return nil }
        await attempt(RESPCommand("SET", [.text(Self.name(key)), .text("\(answer.version) \(answer.mark ?? "")")]))
        return answer
    }

    func write(_ key: String, mark: String) async -> Int? {
        await forget(key, await database.write(key, mark: mark))
    }

    func remove(_ key: String, mark: String) async -> Int? {
        await forget(key, await database.remove(key, mark: mark))
    }

    private func forget(_ key: String, _ version: Int?) async -> Int? {
        guard let version else { return nil }
        await attempt(RESPCommand("DEL", [.text(Self.name(key))]))
        return version
    }

    private func cached(_ key: String) async -> LoadAnswer? {
        let text = await attempt(RESPCommand("GET", [.text(Self.name(key))]))?.text
        let parts = text?.split(separator: " ") ?? []
        guard parts.count == 2, let version = Int(parts[0]) else { return nil }
        return LoadAnswer(version: version, mark: String(parts[1]), source: "redis")
    }

    @discardableResult
    private func attempt(_ command: RESPCommand) async -> RESPValue? {
        do {
            return try await redis.send(command, timeout: Self.deadline)
        } catch {
            // A naive cache takes no notice.
            return nil
        }
    }

    private static func name(_ key: String) -> String { "naive:\(key)" }
}
