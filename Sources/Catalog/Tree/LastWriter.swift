import Processes

/// Who of the instances of a home wrote to the tree last, so that each knows when another one did.
///
/// A file in the run directory, read and written under the lock of writes.
struct LastWriter: Sendable {
    private let path: String
    /// The name of this instance.
    private let name: [UInt8]

    init(path: String) {
        self.path = path
        name = Array("\(UInt64.random(in: .min ... .max))".utf8)
    }

    /// Whether this instance was it.
    func isUs() throws -> Bool { try SmallFile.read(path) == name }

    /// Makes it this instance, which has to have seen by then what others wrote.
    func becomeUs() throws { try SmallFile.write(name, to: path) }
}
