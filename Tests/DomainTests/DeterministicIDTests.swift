import Domain
import Testing

@Suite("Deterministic ids")
struct DeterministicIDTests {
    /// Computed by another implementation: version-5 UUIDs of the namespace and the parts, each after its length.
    struct Vector: Sendable, CustomTestStringConvertible {
        let namespace: DeterministicID.Namespace
        let parts: [[UInt8]]
        let text: String
        var testDescription: String { text }
    }

    static let vectors = [
        Vector(namespace: .file, parts: [], text: "a61e04b1-8a99-5f34-8d61-803412213f3f"),
        Vector(namespace: .file, parts: [[]], text: "417c0570-853b-5ee9-b763-bf688ff8690c"),
        Vector(namespace: .file, parts: [[97], [98, 99]], text: "54a4f643-65c2-5cf1-87c2-029b45dec022"),
        Vector(namespace: .file, parts: [[97, 98], [99]], text: "28d1c8d9-0539-5bc6-8314-54eb4da857f8"),
        Vector(namespace: .record, parts: [[97, 98], [99]], text: "2e0486ad-7858-557d-acce-5e2adda947b5"),
        Vector(
            namespace: .row,
            parts: [Array("tasks".utf8), Array(UInt8.min...UInt8.max), []],
            text: "14a40ebc-1458-5402-bd4e-056d433b58d4"
        ),
        Vector(namespace: .row, parts: [[0xFF, 0]], text: "22eb8c43-31a0-570f-b7a6-eab4f458a280"),
    ]

    @Test("they equal those of another implementation of version 5", arguments: vectors)
    func vector(_ vector: Vector) {
        #expect(DeterministicID(namespace: vector.namespace, parts: vector.parts).description == vector.text)
    }

    @Test("the bytes are those of the text, highest first")
    func bytes() {
        let id = DeterministicID(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF)
        #expect(
            id.bytes == [0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF]
        )
        #expect(id.description == "00112233-4455-6677-8899-aabbccddeeff")
    }

    @Test("version and variant are set whatever the hash")
    func versionAndVariant() {
        for number in UInt8.min...UInt8.max {
            let id = DeterministicID(namespace: .record, parts: [[number]])
            #expect(id.bytes[6] >> 4 == 5)
            #expect(id.bytes[8] >> 6 == 0b10)
        }
    }
}
