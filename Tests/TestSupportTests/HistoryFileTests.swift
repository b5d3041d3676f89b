import Foundation
import Testing

@testable import TestSupport

@Suite("Histories on disk")
struct HistoryFileTests {
    @Test("Events come back in order of time, from several files")
    func roundTrip() async throws {
        try await withTemporaryDirectory { directory in
            let paths = ["\(directory)/a", "\(directory)/b"]
            let first = try HistoryFile(path: paths[0], instance: "p1")
            let second = try HistoryFile(path: paths[1], instance: "p2")
            let read = HistoryRead("k\u{1F}\n", begunAt: 3, need: .version(2), version: 2, mark: nil, source: "redis")
            try first.record(.answered(read), at: 5)
            try second.record(.attempted(key: "k", mark: "m"), at: 4)
            try first.record(.noted("Redis was killed"), at: 6)
            let events = try HistoryFile.events(of: paths)
            #expect(events.map(\.at) == [4, 5, 6])
            #expect(events.map(\.instance) == ["p2", "p1", "p1"])
            #expect(events[1].what == .answered(read))
        }
    }

    @Test("A line that a dying process did not finish is left out, any other damage is an error")
    func damage() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/a"
            try HistoryFile(path: path, instance: "p1").record(.noted("x"), at: 1)
            let whole = try Data(contentsOf: URL(filePath: path))
            try (whole + whole.dropLast(3)).write(to: URL(filePath: path))
            #expect(try HistoryFile.events(of: [path]).count == 1)
            try (whole.dropLast(3) + Data("\n".utf8) + whole).write(to: URL(filePath: path))
            #expect(throws: HistoryFile.Malformed.self) { try HistoryFile.events(of: [path]) }
        }
    }

    @Test("Tokens of one process are seen by another, and never fall")
    func tokens() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/board"
            let mine = try TokenBoard(path: path, keys: 4, pages: 2, page: 0)
            let theirs = try TokenBoard(path: path, keys: 4, pages: 2, page: 1)
            #expect(try mine.newest(3) == 0)
            try theirs.put(3, 7)
            try mine.put(3, 5)
            try theirs.put(3, 6)
            #expect(try mine.newest(3) == 7)
            #expect(try mine.newest(2) == 0)
            // Who starts again finds what was put up before.
            #expect(try TokenBoard(path: path, keys: 4, pages: 2, page: 1).newest(3) == 7)
        }
    }
}
