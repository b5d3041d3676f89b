import RESP
import Testing

@Suite("RESPCommand")
struct RESPCommandTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let command: RESPCommand
        let text: String
        var testDescription: String { text.debugDescription }
    }

    @Test(
        "A command is an array of blob strings",
        arguments: [
            Case(command: RESPCommand("PING"), text: "*1\r\n$4\r\nPING\r\n"),
            Case(command: RESPCommand("GET", "key"), text: "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n"),
            Case(command: RESPCommand("GET", ""), text: "*2\r\n$3\r\nGET\r\n$0\r\n\r\n"),
            Case(command: RESPCommand("SELECT", 12), text: "*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n"),
            Case(command: RESPCommand("GET", .bytes([0x0D, 0x0A])), text: "*2\r\n$3\r\nGET\r\n$2\r\n\r\n\r\n"),
            Case(command: RESPCommand("GET", "é"), text: "*2\r\n$3\r\nGET\r\n$2\r\né\r\n"),
        ]
    )
    func encoding(_ row: Case) {
        #expect(row.command.encoded == Array(row.text.utf8))
    }

    @Test("No form of a command shows its arguments")
    func canary() {
        let command = RESPCommand("AUTH", "user", "canary4711")
        var dumped = ""
        dump(command, to: &dumped)
        #expect(!(dumped + "\(command)" + String(reflecting: command)).contains("canary"))
        #expect(dumped.contains("AUTH with 2 arguments"))
    }

    @Test("A flat array of RESP2 and a map of RESP3 read alike")
    func readers() {
        let pair = RESPPair(.blobString([0x61]), .blobString([0x31]))
        #expect(RESPValue.array([pair.key, pair.value]).pairs == [pair])
        #expect(RESPValue.map([pair]).pairs == [pair])
        #expect(RESPValue.array([.null]).pairs == nil)
        #expect(RESPValue.blobString(Array("1.5".utf8)).number == 1.5)
        #expect(RESPValue.double(1.5).number == 1.5)
        #expect(RESPValue.attributed([], .integer(3)).int == 3)
        #expect(RESPValue.blobString([0xFF]).text == nil)
        #expect(RESPValue.error([0x45]).bytes == nil)
    }
}
