import NIOCore
import Testing

@testable import Redis

@Suite("ReplyQueue")
struct ReplyQueueTests {
    static func at(_ nanoseconds: UInt64) -> NIODeadline { .uptimeNanoseconds(nanoseconds) }

    static func names(_ queue: inout ReplyQueue<String>, _ count: Int) -> [String] {
        (0..<count).map { _ in
            switch queue.next().0 {
            case .waiter(let name): name
            case .nobody: "-"
            case .unexpected: "!"
            }
        }
    }

    @Test("Replies go out in the order of the commands, and one too many is noticed")
    func order() {
        var queue = ReplyQueue<String>()
        for name in ["a", "b", "c"] { queue.append(name, deadline: Self.at(9), size: 1) }
        #expect(Self.names(&queue, 4) == ["a", "b", "c", "!"])
    }

    @Test("Who gave up leaves a place that swallows the reply")
    func placeholders() {
        var queue = ReplyQueue<String>()
        for (name, end) in [("a", 5), ("b", 2), ("c", 5), ("d", 1)] as [(String, UInt64)] {
            queue.append(name, deadline: Self.at(end), size: 10)
        }
        let (expired, next) = queue.expire(Self.at(2))
        #expect(expired == ["b", "d"])
        #expect(next == Self.at(5))
        #expect(queue.expire(Self.at(2)).expired.isEmpty)
        #expect(queue.count == 4)
        #expect(Self.names(&queue, 5) == ["a", "-", "c", "-", "!"])
    }

    @Test("Removing all gives the waiters once, and counts every place")
    func removeAll() {
        var queue = ReplyQueue<String>()
        queue.append("a", deadline: Self.at(1), size: 3)
        queue.append("b", deadline: Self.at(9), size: 4)
        _ = queue.expire(Self.at(1))
        let all = queue.removeAll()
        #expect(all.waiters == ["b"])
        #expect(all.commands == 2)
        #expect(all.bytes == 7)
        #expect(queue.removeAll().commands == 0)
    }

    @Test("The head tells since when nobody waits for it")
    func head() {
        var queue = ReplyQueue<String>()
        #expect(queue.headAbandonedSince == nil)
        queue.append("a", deadline: Self.at(3), size: 1)
        queue.append("b", deadline: Self.at(1), size: 1)
        _ = queue.expire(Self.at(1))
        #expect(queue.headAbandonedSince == nil)
        _ = queue.expire(Self.at(3))
        #expect(queue.headAbandonedSince == Self.at(3))
    }
}
