import Compression
import Crypto
import Diagnostics
import Synchronization
import Testing

@testable import SourceTree

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite("Reading files that others write")
struct TreeStableFileTests {
    /// A file read under the eyes of a test, with a clock that makes no file too fresh and no pauses.
    private func file(
        _ scratch: TreeScratch,
        _ name: String,
        attempts: Int = 10,
        clock: @escaping @Sendable () -> Int64 = { Int64.max },
        pause: @escaping @Sendable (Duration) -> Void = { _ in },
        observe: @escaping @Sendable (StableFileSurroundings.Moment) -> Void = { _ in }
    ) -> StableFile {
        StableFile(
            root: scratch.path,
            path: Array(name.utf8),
            configuration: StableFile.Configuration(attempts: attempts),
            surroundings: StableFileSurroundings(fileClock: clock, pause: pause, observe: observe)
        )
    }

    private func watched(
        _ scratch: TreeScratch,
        _ name: String,
        _ observe: @escaping @Sendable (StableFileSurroundings.Moment) -> Void
    ) -> StableFile {
        file(scratch, name, observe: observe)
    }

    private func reason(_ body: () throws -> Void) -> SourceTreeError.Reason? {
        do {
            try body()
            return nil
        } catch {
            return (error as? SourceTreeError)?.reason
        }
    }

    @Test("Bytes, hash and facts come in one go", arguments: [0, 1, 5, 300_000])
    func plain(count: Int) throws {
        try TreeScratch.use { scratch in
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            try scratch.directory("a")
            try scratch.file(Array("a/f".utf8), bytes, mode: 0o640)
            let content = try StableFile(root: scratch.path, path: Array("a/f".utf8)).read()
            #expect(content.bytes == bytes)
            #expect(content.digest.sha256 == Array(SHA256.hash(data: bytes)))
            #expect(content.digest.fingerprint == (try scratch.status(of: "a/f").fingerprint))
            #expect(content.digest.mode == 0o640)
            #expect(try scratch.walk().last?.fingerprint == content.digest.fingerprint)
        }
    }

    @Test("A file above the limit is hashed only")
    func limit() throws {
        try TreeScratch.use { scratch in
            try scratch.file("f", "12345")
            #expect(try file(scratch, "f").read(limit: 5).bytes != nil)
            let content = try file(scratch, "f").read(limit: 4)
            #expect(content.bytes == nil)
            #expect(content.digest == (try file(scratch, "f").hash()))
            #expect(content.digest.size == 5)
        }
    }

    @Test("A file that is written between two looks is read again, and comes whole")
    func changing() throws {
        try TreeScratch.use { scratch in
            try scratch.file("f", "old")
            let attempts = Shared(0)
            let content = try watched(scratch, "f") { moment in
                guard case .read(let attempt) = moment else { return }
                attempts.value.withLock { $0 = attempt }
                if attempt <= 3 { #expect(throws: Never.self) { try scratch.append("+", to: "f") } }
            }.read()
            #expect(content.bytes == Array("old+++".utf8))
            #expect(attempts.value.withLock { $0 } == 4)
        }
    }

    @Test("A file that grows while it is read is read again, however fast it grows")
    func growing() throws {
        try TreeScratch.use { scratch in
            try scratch.file(Array("f".utf8), [UInt8](repeating: 1, count: 600_000))
            let content = try watched(scratch, "f") { moment in
                if case .chunk(1, _) = moment { #expect(throws: Never.self) { try scratch.append("grown", to: "f") } }
            }.read()
            #expect(content.digest.size == 600_000 + 5 * 2)
        }
    }

    @Test("A file that is cut while it is read is read again")
    func shrinking() throws {
        try TreeScratch.use { scratch in
            try scratch.file(Array("f".utf8), [UInt8](repeating: 1, count: 600_000))
            let path = scratch.path + "/f"
            let content = try watched(scratch, "f") { moment in
                if case .chunk(1, _) = moment { truncate(path, 10) }
            }.read()
            #expect(content.digest.size == 10)
        }
    }

    @Test("A write of the same size that sets the time back is seen")
    func sameSizeAndTime() throws {
        try TreeScratch.use { scratch in
            try scratch.file("f", "aaaa")
            try scratch.setTime(1_000_000_000, of: "f")
            let content = try watched(scratch, "f") { moment in
                guard moment == .read(attempt: 1) else { return }
                #expect(throws: Never.self) {
                    // Another tick of the kernel's clock, or the change could not be told from the creation.
                    waitForTick()
                    try scratch.file("f", "bbbb")
                    try scratch.setTime(1_000_000_000, of: "f")
                }
            }.read()
            #expect(content.bytes == Array("bbbb".utf8))
        }
    }

    @Test("A file replaced by a rename while it is read is read again")
    func replaced() throws {
        try TreeScratch.use { scratch in
            try scratch.file("f", "old")
            let content = try watched(scratch, "f") { moment in
                guard moment == .read(attempt: 1) else { return }
                #expect(throws: Never.self) {
                    waitForTick()
                    try scratch.file("g", "new")
                    try scratch.rename("g", to: "f")
                }
            }.read()
            #expect(content.bytes == Array("new".utf8))
        }
    }

    @Test("A file that changes each time is hot after the last try")
    func hot() throws {
        try TreeScratch.use { scratch in
            try scratch.file("f", "old")
            let pauses = Shared<[Duration]>([])
            let hot = file(
                scratch,
                "f",
                attempts: 4,
                pause: { pause in pauses.value.withLock { $0.append(pause) } },
                observe: { moment in
                    if case .read = moment { #expect(throws: Never.self) { try scratch.append("+", to: "f") } }
                }
            )
            let error = #expect(throws: SourceTreeError.self) { try hot.read() }
            #expect(error?.reason == .hot)
            #expect(error?.code == .sourceHot)
            #expect(pauses.value.withLock { $0 } == [.milliseconds(5), .milliseconds(10), .milliseconds(20)])
        }
    }

    @Test("A file written in the tick in which reading began counts only when a second read agrees")
    func fresh() throws {
        try TreeScratch.use { scratch in
            try scratch.file("f", "torn")
            let reads = Shared(0)
            // A clock that stands still before the file's time: each read looks too fresh.
            let content = try file(
                scratch,
                "f",
                clock: { 0 },
                observe: { moment in
                    guard case .read(let attempt) = moment else { return }
                    reads.value.withLock { $0 = attempt }
                }
            ).read()
            #expect(content.bytes == Array("torn".utf8))
            #expect(reads.value.withLock { $0 } == 2)
        }
    }

    @Test("A pipe that took the file's place does not block the reader")
    func pipe() throws {
        try TreeScratch.use { scratch in
            try scratch.pipe("f")
            #expect(reason { _ = try file(scratch, "f").read() } == .notRegular)
        }
    }

    @Test("Links are not followed, neither the file's nor those on the way")
    func links() throws {
        try TreeScratch.use { scratch in
            try scratch.directory("a")
            try scratch.file("a/f", "x")
            try scratch.link("a/link", to: "f")
            try scratch.link("b", to: "a")
            #expect(reason { _ = try file(scratch, "a/link").read() } == .notRegular)
            #expect(reason { _ = try file(scratch, "b/f").read() } == .notRegular)
            #expect(reason { _ = try file(scratch, "a").read() } == .notRegular)
        }
    }

    @Test("What is gone, forbidden or outside has a reason of its own")
    func reasons() throws {
        try TreeScratch.use { scratch in
            try scratch.setMode(0o755, of: ".")
            try scratch.file("secret")
            try scratch.setMode(0, of: "secret")
            #expect(reason { _ = try file(scratch, "gone").read() } == .vanished)
            #expect(reason { _ = try file(scratch, "gone/x").read() } == .vanished)
            #expect(reason { _ = try file(scratch, "../x").read() } == .unsafePath)
            #expect(try asOrdinaryUser { reason { _ = try file(scratch, "secret").read() } } == .notPermitted)
        }
    }

    @Test("A large file is read a second time and proved to be the same")
    func secondPass() throws {
        try TreeScratch.use { scratch in
            try makeLargeFile(scratch)
            let file = file(scratch, "f")
            let digest = try file.hash()
            #expect(digest.size == 64 << 20)
            let reader = try file.open(expecting: digest)
            var hash = SHA256()
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
            defer { buffer.deallocate() }
            while case let count = try reader.read(into: buffer), count > 0 {
                hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            try reader.finish()
            #expect(Array(hash.finalize()) == digest.sha256)
        }
    }

    @Test("One byte changed during the second pass is found at its end, although the size is the same")
    func secondPassMismatch() throws {
        try TreeScratch.use { scratch in
            try makeLargeFile(scratch)
            let file = file(scratch, "f")
            let reader = try file.open(expecting: file.hash())
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
            defer { buffer.deallocate() }
            #expect(try reader.read(into: buffer) > 0)
            try overwriteByte(scratch, at: 63 << 20)
            #expect(reason { try reader.finish() } == .changedSinceHashed)
        }
    }

    @Test("A file changed between the passes is refused when it is opened")
    func changedBetween() throws {
        try TreeScratch.use { scratch in
            try scratch.file("f", "aaaa")
            let digest = try file(scratch, "f").hash()
            try scratch.append("b", to: "f")
            #expect(reason { _ = try file(scratch, "f").open(expecting: digest) } == .changedSinceHashed)
        }
    }

    @Test("A file that grows or is cut during the second pass is found", arguments: [2, 6])
    func resizedDuringSecondPass(size: Int) throws {
        try TreeScratch.use { scratch in
            try scratch.file("f", "aaaa")
            let file = file(scratch, "f")
            let reader = try file.open(expecting: file.hash())
            truncate(scratch.path + "/f", off_t(size))
            #expect(reason { try reader.finish() } == .changedSinceHashed)
        }
    }

    private func makeLargeFile(_ scratch: TreeScratch) throws {
        try scratch.file("f", "start")
        try #require(truncate(scratch.path + "/f", 64 << 20) == 0)
    }

    private func overwriteByte(_ scratch: TreeScratch, at offset: Int) throws {
        let number = open(scratch.path + "/f", O_WRONLY)
        try #require(number >= 0)
        defer { close(number) }
        try #require(pwrite(number, [UInt8(1)], 1, off_t(offset)) == 1)
    }

    @Test("A writer thread that never pauses yields a whole version or hot, never a mixture")
    func racingWriter() throws {
        try TreeScratch.use { scratch in
            try scratch.file(Array("f".utf8), [UInt8](repeating: 0, count: 200_000))
            let path = scratch.path + "/f"
            let isDone = Shared(false)
            let writer = try startThread {
                var version: UInt8 = 0
                while !isDone.value.withLock({ $0 }) {
                    version &+= 1
                    rewrite(path, [UInt8](repeating: version, count: 200_000))
                }
            }
            for _ in 0..<8 {
                do {
                    let bytes = try #require(try StableFile(root: scratch.path, path: Array("f".utf8)).read().bytes)
                    #expect(bytes.count == 200_000 && Set(bytes).count == 1)
                } catch let error as SourceTreeError {
                    #expect(error.reason == .hot)
                }
            }
            isDone.value.withLock { $0 = true }
            try #require(pthread_join(writer, nil) == 0)
        }
    }
}

/// Overwrites a file in place with one call.
private func rewrite(_ path: String, _ bytes: [UInt8]) {
    let number = open(path, O_WRONLY)
    guard number >= 0 else { return }
    _ = pwrite(number, bytes, bytes.count, 0)
    close(number)
}

/// Spins until the clock that stamps files has moved on.
private func waitForTick() {
    let start = StableFileSurroundings.live.fileClock()
    while StableFileSurroundings.live.fileClock() == start {}
}

/// A value that closures of several threads share.
private final class Shared<Value: Sendable>: Sendable {
    let value: Mutex<Value>

    init(_ value: Value) {
        self.value = Mutex(value)
    }
}

/// Starts a thread of the system's own; blocking calls in it hold nobody else up.
private func startThread(_ body: @escaping @Sendable () -> Void) throws -> pthread_t {
    final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    let context = Unmanaged.passRetained(Body(body)).toOpaque()
    #if canImport(Darwin)
    var thread: pthread_t?
    let result = pthread_create(
        &thread,
        nil,
        {
            Unmanaged<Body>.fromOpaque($0).takeRetainedValue().run(); return nil
        },
        context
    )
    #else
    let thread: pthread_t?
    var identifier = pthread_t()
    let result = pthread_create(
        &identifier,
        nil,
        { pointer in
            if let pointer { Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run() }
            return nil
        },
        context
    )
    thread = identifier
    #endif
    try #require(result == 0)
    return try #require(thread)
}
