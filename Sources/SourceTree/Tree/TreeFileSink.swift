/// Takes the bytes of one file that a `TreeWriter` makes.
///
/// Not safe for use from several threads at once.
public final class TreeFileSink {
    /// How many bytes it took so far.
    public private(set) var count: Int64 = 0

    let path: [UInt8]
    let name: [UInt8]
    let temporary: AtomicFileTemporary

    init(path: [UInt8], name: [UInt8], temporary: AtomicFileTemporary) {
        self.path = path
        self.name = name
        self.temporary = temporary
    }

    /// Writes all of the buffer; throws `diskFull` or `cannotWrite`.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(SourceTreeError) {
        do {
            try temporary.file.write(bytes)
        } catch {
            throw SourceTreeError.writing(path, error.errno)
        }
        count += Int64(bytes.count)
    }

    /// Writes all of the bytes; throws `diskFull` or `cannotWrite`.
    public func write(_ bytes: [UInt8]) throws(SourceTreeError) {
        try bytes.withUnsafeBufferPointer { bytes throws(SourceTreeError) in try write(UnsafeRawBufferPointer(bytes)) }
    }

    func discard() {
        temporary.discard()
    }
}

@available(*, unavailable)
extension TreeFileSink: Sendable {}
