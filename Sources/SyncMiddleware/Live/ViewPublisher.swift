/// What keeps the published view true.
///
/// The relay calls it after it has saved its position, at the beginning of its office, and after it moved the epoch; one call
/// at a time, beside the passing of changes, so that a slow view delays no drain. What comes up during a call is told by one
/// call afterwards. The view reads the change feed from a position of its own, so a call that threw, or never came because
/// the relay died, is made good by the next one; the relay repeats one that threw after a pause.
/// A relay that lost its office may still be inside of a call while the next one makes its first: writes carry `fence`,
/// and those of a lower one are refused. Another `epoch` means that nothing is known of what is in Redis.
public protocol ViewPublisher: Sendable {
    /// Brings the view up to what PostgreSQL has.
    func advance(fence: Int, epoch: Int) async throws
}
