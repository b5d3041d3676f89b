#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A user of this machine that a child process may run as.
public struct Account: Sendable, Hashable {
    /// The login name; the number as text when the user has none.
    public let name: String
    /// The user id.
    public let userID: UInt32
    /// The id of the user's own group.
    public let groupID: UInt32
    /// All groups, the own one included.
    public let groups: [UInt32]

    /// Makes an account from its parts; `current` and `named(_:)` are the usual ways.
    public init(name: String, userID: UInt32, groupID: UInt32, groups: [UInt32]) {
        self.name = name
        self.userID = userID
        self.groupID = groupID
        self.groups = groups
    }

    /// Whether this is the superuser.
    public var isSuperuser: Bool { userID == 0 }

    /// The user that this process acts as (the effective one).
    public static var current: Account {
        let user = geteuid()
        if let known = entry(user: user) { return known }
        return Account(name: String(user), userID: user, groupID: getegid(), groups: [getegid()])
    }

    /// The user with this login name; nil when the machine has none.
    public static func named(_ name: String) -> Account? {
        lookUp { entry, buffer, count, result in
            getpwnam_r(name, entry, buffer, count, result)
        }
    }

    private static func entry(user: UInt32) -> Account? {
        lookUp { entry, buffer, count, result in
            getpwuid_r(user, entry, buffer, count, result)
        }
    }

    private static func lookUp(
        _ call: (
            UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32
    ) -> Account? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16 << 10) { buffer in
            guard let base = buffer.baseAddress, call(&entry, base, buffer.count, &found) == 0, found != nil,
                let pointer = entry.pw_name
            else { return nil }
            let name = String(cString: pointer)
            return Account(
                name: name,
                userID: entry.pw_uid,
                groupID: entry.pw_gid,
                groups: groupList(name: name, group: entry.pw_gid)
            )
        }
    }

    private static func groupList(name: String, group: UInt32) -> [UInt32] {
        #if canImport(Darwin)
        typealias GroupNumber = Int32
        #else
        typealias GroupNumber = UInt32
        #endif
        var count: Int32 = 256
        var list = [GroupNumber](repeating: 0, count: Int(count))
        guard getgrouplist(name, GroupNumber(truncatingIfNeeded: group), &list, &count) >= 0 else { return [group] }
        return list.prefix(Int(count)).map { UInt32(truncatingIfNeeded: $0) }
    }
}
