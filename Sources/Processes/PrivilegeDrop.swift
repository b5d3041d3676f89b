/// Runs a program as another user by way of `setpriv`, which changes the user and then becomes the program.
///
/// swift-subprocess can change the user too, but on Linux it does so between `clone3` and `exec`, where glibc's
/// `setgroups` waits forever for a lock that another thread held at that moment (seen with swift-subprocess 1.0.2).
enum PrivilegeDrop {
    /// Where Debian, Ubuntu, Red Hat and Arch have it: it is part of util-linux.
    private static let program = "/usr/bin/setpriv"

    /// Program and arguments that do it; nil where there is no `setpriv`.
    static func wrap(
        _ executable: String,
        _ arguments: [String],
        _ account: Account
    ) -> (executable: String, arguments: [String])? {
        guard Directory.exists(program) else { return nil }
        let groups = account.groups.map(String.init).joined(separator: ",")
        let options = [
            "--reuid=\(account.userID)", "--regid=\(account.groupID)",
            groups.isEmpty ? "--clear-groups" : "--groups=\(groups)", "--",
        ]
        return (program, options + [executable] + arguments)
    }
}
