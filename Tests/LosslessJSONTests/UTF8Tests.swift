import LosslessJSON
import Testing

@Suite("UTF-8 inside strings")
struct UTF8Tests {
    private func isAccepted(_ bytes: [UInt8]) -> Bool {
        (try? JSONDocument(strict: [0x22] + bytes + [0x22])) != nil
    }

    @Test("is accepted exactly where the standard library accepts it, for every pair of bytes")
    func pairs() {
        var wrong = 0
        for first in UInt8(0x80)...0xFF {
            for second in UInt8(0x20)...0xFF where second != 0x22 && second != 0x5C {
                let bytes = [first, second]
                if isAccepted(bytes) != (String(validating: bytes, as: UTF8.self) != nil) { wrong += 1 }
            }
        }
        #expect(wrong == 0)
    }

    @Test("is accepted exactly where the standard library accepts it, for longer sequences")
    func longer() {
        let edges: [UInt8] = [0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF]
        var wrong = 0
        for first in UInt8(0xE0)...0xF8 {
            for second in edges {
                for third in edges {
                    for fourth in edges {
                        let bytes = [first, second, third, fourth]
                        if isAccepted(bytes) != (String(validating: bytes, as: UTF8.self) != nil) { wrong += 1 }
                    }
                }
            }
        }
        #expect(wrong == 0)
    }

    @Test("is found wherever a bad byte stands in a long string", arguments: 0..<40)
    func places(place: Int) {
        var bytes = Array(String(repeating: "a", count: 40).utf8)
        bytes[place] = 0xC0
        let error = #expect(throws: JSONSyntaxError.self) { try JSONDocument(strict: [0x22] + bytes + [0x22]) }
        #expect(error?.offset == place + 1)
        #expect(error?.reason == .invalidUTF8)
    }

    @Test("quotes, escapes and control characters are found wherever they stand", arguments: 0..<40)
    func stops(place: Int) throws {
        for (byte, expected) in [(0x22, place + 2), (0x1F, place + 1), (0x0A, place + 1)] as [(UInt8, Int)] {
            var bytes = Array(String(repeating: "~", count: 40).utf8)
            bytes[place] = byte
            let error = #expect(throws: JSONSyntaxError.self) { try JSONDocument(strict: [0x22] + bytes + [0x22]) }
            #expect(error?.offset == expected)
        }
        var bytes = Array(String(repeating: "\u{7F}", count: 40).utf8)
        bytes.replaceSubrange(place...place, with: Array("\\n".utf8))
        let text = try JSONDocument(strict: [0x22] + bytes + [0x22]).root.string
        #expect(text?.firstIndex(of: "\n") == text?.index(text?.startIndex ?? "".startIndex, offsetBy: place))
    }
}

@Suite("Naughty strings", .enabled(if: SharedFiles.naughtyStrings != nil, "the fixture naughty-strings is missing"))
struct NaughtyStringTests {
    @Test("survive writing, reading and the canonical form")
    func roundTrip() throws {
        let bytes = try SharedFiles.bytes((SharedFiles.naughtyStrings ?? "") + "/blns.json")
        let list = try JSONDocument(strict: bytes).root
        for element in list.elements {
            let text = try #require(element.string)
            var json: [UInt8] = []
            JSONText.append(text, to: &json)
            let value = try JSONDocument(strict: json).root
            #expect(value.unescaped == Array(text.utf8))
            #expect(value.canonical == json)
            #expect(element.canonical == json)
        }
        #expect(list.count > 400)
    }
}
