import Compression
import Diagnostics
import Testing

/// A reader that hands out at most `step` bytes at a time, so that every boundary falls everywhere.
func dribble(_ bytes: [UInt8], step: Int) -> ByteReader {
    let reader = ByteStream.reader(bytes)
    return { buffer in try reader(UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(step))) }
}

/// The same text-like bytes every time.
func sample(_ count: Int) -> [UInt8] {
    var state: UInt32 = 7
    return (0..<count).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(ascii: "a") + UInt8(state >> 28)
    }
}

/// The error that expanding these bytes ends with.
func gzipFailure(_ bytes: [UInt8], limit: ExpansionLimit = .standard) -> CompressionError? {
    do {
        _ = try ByteStream.collect(GzipReader(limit: limit, source: ByteStream.reader(bytes)).byteReader)
        return nil
    } catch {
        return error as? CompressionError
    }
}

@Suite("Gzip streams")
struct GzipTests {
    @Test("What was compressed expands to the same bytes", arguments: [0, 1, 2, 65_535, 65_536, 300_000])
    func roundTrip(count: Int) throws {
        let bytes = sample(count)
        let compressed = try GzipWriter.compress(bytes)
        let reader = GzipReader(source: ByteStream.reader(compressed))
        #expect(try ByteStream.collect(reader.byteReader) == bytes)
        #expect(reader.memberCount == 1)
        #expect(reader.expandedBytes == count)
        #expect(reader.compressedOffset == compressed.count)
        #expect(reader.trailingGarbage == nil)
    }

    @Test("Input and output may come in pieces of any size", arguments: [1, 2, 3, 7, 4_096])
    func pieces(step: Int) throws {
        let bytes = sample(20_000)
        let reader = GzipReader(source: dribble(try GzipWriter.compress(bytes), step: step))
        #expect(try ByteStream.collect(dribbled(reader, step: step)) == bytes)
    }

    private func dribbled(_ reader: GzipReader, step: Int) -> ByteReader {
        { buffer in try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(step))) }
    }

    @Test("The compressed bytes carry no time and no name")
    func deterministic() throws {
        let compressed = try GzipWriter.compress(sample(100))
        #expect(compressed == (try GzipWriter.compress(sample(100))))
        #expect(compressed[3] == 0)
        #expect(compressed[4..<8].allSatisfy { $0 == 0 })
    }

    @Test("Members that follow each other are one stream, also when their border falls between reads")
    func members() throws {
        let compressed = try GzipWriter.compress([1, 2]) + GzipWriter.compress([]) + GzipWriter.compress([3])
        for step in [1, 5, 1_000] {
            let reader = GzipReader(source: dribble(compressed, step: step))
            #expect(try ByteStream.collect(reader.byteReader) == [1, 2, 3])
            #expect(reader.memberCount == 3)
        }
    }

    @Test("Bytes behind the last member are reported with their place, and whether they are padding")
    func garbage() throws {
        let compressed = try GzipWriter.compress([1, 2, 3])
        for (tail, isPadding) in [
            ([UInt8](repeating: 0, count: 9), true), (Array("garbage".utf8), false), ([0x1f], false),
        ] {
            let reader = GzipReader(source: ByteStream.reader(compressed + tail))
            #expect(try ByteStream.collect(reader.byteReader) == [1, 2, 3])
            let garbage = try #require(reader.trailingGarbage)
            #expect(garbage.offset == compressed.count)
            #expect(garbage.count == tail.count)
            #expect(garbage.isZeroPadding == isPadding)
        }
    }

    @Test("Data cut at any byte is truncated, never a shorter file")
    func truncated() throws {
        let compressed = try GzipWriter.compress(sample(500))
        for count in 2..<compressed.count {
            let error = try #require(gzipFailure(Array(compressed[..<count])), "cut at \(count)")
            #expect(error.reason == .truncated)
            #expect(error.offset == count)
        }
    }

    @Test("Data that is no gzip says so", arguments: [[], [0x1f], Array("{\"a\":1}".utf8)])
    func notGzip(bytes: [UInt8]) {
        #expect(gzipFailure(bytes)?.reason == .notGzip)
    }

    @Test("A flipped bit anywhere behind the header is found")
    func damaged() throws {
        let bytes = sample(500)
        let compressed = try GzipWriter.compress(bytes)
        for index in 10..<compressed.count {
            var broken = compressed
            broken[index] ^= 0x10
            let error = try #require(gzipFailure(broken), "bit flipped in byte \(index)")
            #expect([.damaged, .checksumMismatch, .truncated].contains(error.reason))
            #expect(error.code == .compressionInvalid)
            #expect(error.offset != nil)
        }
    }

    @Test("A wrong checksum is told from other damage")
    func checksum() throws {
        var compressed = try GzipWriter.compress(sample(500))
        compressed[compressed.count - 6] ^= 1
        #expect(gzipFailure(compressed)?.reason == .checksumMismatch)
    }

    @Test("A failed reader fails again with the same error")
    func failsAgain() throws {
        let reader = GzipReader(source: ByteStream.reader([1, 2, 3]))
        for _ in 0..<2 {
            let error = #expect(throws: CompressionError.self) { try ByteStream.collect(reader.byteReader) }
            #expect(error?.reason == .notGzip)
        }
    }

    @Test("Errors of the source pass through")
    func sourceError() {
        struct Broken: Error {}
        let reader = GzipReader { _ in throw Broken() }
        #expect(throws: Broken.self) { try ByteStream.collect(reader.byteReader) }
    }

    @Test("Writing behind the end is refused")
    func writeAfterEnd() throws {
        let writer = GzipWriter { _ in }
        try writer.finish()
        #expect(throws: CompressionError.self) { try writer.write([1]) }
    }
}

@Suite("Limits on expansion")
struct ExpansionLimitTests {
    private func bomb(_ size: Int) throws -> [UInt8] {
        var result: [UInt8] = []
        let writer = GzipWriter(level: 9) { result.append(contentsOf: $0) }
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        for _ in 0..<(size >> 20) { try writer.write(zeros) }
        try writer.finish()
        return result
    }

    private func expand(_ bytes: [UInt8], _ limit: ExpansionLimit, knownSize: Bool) throws -> Int {
        let reader = GzipReader(
            limit: limit,
            compressedSize: knownSize ? bytes.count : nil,
            source: ByteStream.reader(bytes)
        )
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 16)
        defer { buffer.deallocate() }
        while try reader.read(into: buffer) > 0 {}
        return reader.expandedBytes
    }

    @Test("A bomb is refused for its ratio, with the place", arguments: [true, false])
    func ratio(knownSize: Bool) throws {
        let error = #expect(throws: CompressionError.self) {
            try expand(bomb(64 << 20), .standard, knownSize: knownSize)
        }
        #expect(error?.reason == .ratioExceeded)
        #expect(error?.code == .compressionInvalid)
        #expect((error?.expandedOffset ?? .max) < 16 << 20)
    }

    @Test("More bytes than allowed are refused before they are kept")
    func size() throws {
        let limit = ExpansionLimit(maximumBytes: 3 << 20, maximumRatio: 10_000)
        let error = #expect(throws: CompressionError.self) { try expand(bomb(8 << 20), limit, knownSize: true) }
        #expect(error?.reason == .tooLarge)
        #expect((error?.expandedOffset ?? .max) <= (3 << 20) + 4_096)
    }

    @Test("A small file of blanks is not refused although it shrinks a thousandfold")
    func smallFile() throws {
        #expect(try expand(bomb(1 << 20), .standard, knownSize: true) == 1 << 20)
    }

    @Test("A file whose beginning shrinks very well is judged as a whole where its size is known")
    func wholeFile() throws {
        let bytes = try bomb(8 << 20) + GzipWriter.compress(sample(1 << 20))
        #expect(try expand(bytes, .standard, knownSize: true) == 9 << 20)
        #expect(throws: CompressionError.self) { try expand(bytes, .standard, knownSize: false) }
    }
}
