/// Paths inside a tree: bytes between slashes, relative, as the operating system has them.
public enum TreePath: Sendable {
    private static let slash = UInt8(ascii: "/")

    /// The path as text for people: control characters, backslashes and bytes that are no UTF-8 as `\n`, `\\`, `\xNN`.
    ///
    /// Two different paths always give two different texts.
    public static func text(_ path: [UInt8]) -> String {
        var result = ""
        var rest = path[...]
        while let byte = rest.first {
            if let scalar = firstScalar(of: rest) {
                append(scalar, to: &result)
                rest = rest.dropFirst(UTF8.width(scalar))
            } else {
                result += escape(byte)
                rest = rest.dropFirst()
            }
        }
        return result
    }

    /// Whether the path is relative and stays below its root: no empty part, `.`, `..` or NUL.
    public static func isSafe(_ path: [UInt8]) -> Bool {
        !path.isEmpty && !path.contains(0) && components(path).allSatisfy { !$0.isEmpty && !isDot($0) }
    }

    /// Whether a name is `.` or `..`.
    static func isDot(_ name: some Collection<UInt8>) -> Bool {
        name.count <= 2 && !name.isEmpty && name.allSatisfy { $0 == UInt8(ascii: ".") }
    }

    /// The parts between slashes, empty ones included.
    static func components(_ path: [UInt8]) -> [ArraySlice<UInt8>] {
        path.split(separator: slash, omittingEmptySubsequences: false)
    }

    /// The path of the directory that an entry is in (empty for the root's own entries) and the entry's name.
    static func split(_ path: [UInt8]) -> (parent: ArraySlice<UInt8>, name: ArraySlice<UInt8>) {
        guard let position = path.lastIndex(of: slash) else { return ([], path[...]) }
        return (path[..<position], path[(position + 1)...])
    }

    /// Parent and name joined by a slash; the name alone below the root.
    static func join(_ parent: [UInt8], _ name: some Collection<UInt8>) -> [UInt8] {
        guard !parent.isEmpty else { return Array(name) }
        var path: [UInt8] = []
        path.reserveCapacity(parent.count + 1 + name.count)
        path += parent
        path.append(slash)
        path += name
        return path
    }

    private static func firstScalar(of bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
        var decoder = UTF8()
        var iterator = bytes.prefix(4).makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
        return scalar
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
        switch scalar {
        case "\\": text += "\\\\"
        case "\n": text += "\\n"
        case "\r": text += "\\r"
        case "\t": text += "\\t"
        case _ where scalar.value < 0x20 || scalar.value == 0x7f: text += escape(UInt8(scalar.value))
        default: text.unicodeScalars.append(scalar)
        }
    }

    private static func escape(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "\\x0\(digits)" : "\\x\(digits)"
    }
}
