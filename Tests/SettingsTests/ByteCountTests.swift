import Settings
import Testing

@Suite("Sizes as text")
struct ByteCountTests {
    @Test(
        "a size is read in binary and decimal units, in any case, with or without a space",
        arguments: [
            ("0", 0), ("1024", 1_024), ("64k", 65_536), ("64K", 65_536), ("8MiB", 8_388_608), ("8mib", 8_388_608),
            ("8 MiB", 8_388_608), ("1G", 1_073_741_824), ("500 MB", 500_000_000), ("2kB", 2_000), ("7B", 7),
            (" 3k\t", 3_072), ("1TiB", 1_099_511_627_776), ("3TB", 3_000_000_000_000),
        ]
    )
    func reads(text: String, bytes: Int) {
        #expect(ByteCount(text)?.bytes == bytes)
    }

    @Test(
        "what is no size is refused",
        arguments: [
            "", " ", "k", "-1", "-1k", "1.5M", "1 000", "8MiBs", "0x10", "٣k", "9223372036854775808",
            "9223372036854775807k",
        ]
    )
    func refuses(text: String) {
        #expect(ByteCount(text) == nil)
    }

    @Test(
        "the description is the shortest exact spelling and reads back",
        arguments: [0, 1, 1_000, 1_024, 1_536, 8 << 20, 3 << 30, 1 << 40]
    )
    func describes(bytes: Int) {
        #expect(ByteCount("\(ByteCount(bytes: bytes))")?.bytes == bytes)
    }

    @Test(
        "units of the description",
        arguments: [(8 << 20, "8MiB"), (1_536, "1536B"), (1_536 << 10, "1536KiB"), (0, "0B")]
    )
    func unit(bytes: Int, text: String) {
        #expect(ByteCount(bytes: bytes).description == text)
    }
}
