import Diagnostics
import Domain
import SourceTree

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Walks a tree and gives every file, and every member of its compressed files, to a mapping check.
struct MappingSurvey {
    let root: SourceRoot
    private(set) var check: MappingCheck
    /// Compressed files whose members could not all be listed.
    private(set) var warnings: [String] = []

    init(root: SourceRoot, check: MappingCheck) {
        self.root = root
        self.check = check
    }

    /// Walks the tree, leaving out the home of Cortex should it be in there.
    mutating func walk(excluding home: String) throws {
        let walker = try TreeWalker(root: root, excluding: [home])
        while let entry = try walker.next() {
            try Task.checkCancellation()
            guard entry.type == .file else { continue }
            let path = root.mappingPath(of: entry.path)
            check.add(path: path)
            guard let container = Container(path: entry.path) else { continue }
            do {
                try addMembers(of: container, entry: entry, path: path)
            } catch {
                warnings.append("\(entry.pathText): its members cannot all be listed: \(error)")
            }
        }
    }

    private mutating func addMembers(of container: Container, entry: TreeEntry, path: [UInt8]) throws {
        let place = Array(root.path.utf8) + [UInt8(ascii: "/")] + entry.path + [0]
        let descriptor = place.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { open($0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) } ?? -1
            }
        }
        guard descriptor >= 0 else { throw CommandError(.sourceUnreadable, String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var members: [[UInt8]] = []
        try container.forEachMember(
            size: entry.size,
            source: { buffer in
                let count = read(descriptor, buffer.baseAddress, buffer.count)
                guard count >= 0 else { throw CommandError(.sourceUnreadable, String(cString: strerror(errno))) }
                return count
            },
            { _, member, _ in members.append(member.path) }
        )
        for member in members { check.add(path: path, member: member) }
    }
}
