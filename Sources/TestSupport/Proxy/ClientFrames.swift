/// Finds the ends of statements in what a PostgreSQL client sends, however the network cuts it.
///
/// A statement ends with Sync or is a simple Query: behind each the server says what it has done.
struct ClientFrames {
    private var header: [UInt8] = []
    private var remaining = 0
    private var isStarted = false
    private var endsStatement = false

    /// The positions behind the statements that end in these bytes.
    mutating func ends(in bytes: [UInt8]) -> [Int] {
        var ends: [Int] = []
        var position = 0
        while position < bytes.count {
            if remaining > 0 {
                let taken = min(remaining, bytes.count - position)
                remaining -= taken
                position += taken
                if remaining == 0, endsStatement { ends.append(position) }
                continue
            }
            header.append(bytes[position])
            position += 1
            guard header.count == (isStarted ? 5 : 8) else { continue }
            begin()
            if remaining == 0, endsStatement { ends.append(position) }
        }
        return ends
    }

    /// A header is complete: type and length, or length and code of a start-up message.
    private mutating func begin() {
        let length = header[(isStarted ? 1 : 0)...].prefix(4).reduce(0) { $0 << 8 | Int($1) }
        if isStarted {
            endsStatement = [UInt8(ascii: "S"), UInt8(ascii: "Q")].contains(header[0])
            remaining = length - 4
        } else {
            // A question for TLS or GSS (1234 in the upper half) is answered and followed by the start-up message.
            isStarted = header[4] != 0x04 || header[5] != 0xD2
            endsStatement = false
            remaining = length - 8
        }
        header = []
    }
}
