/// When a row was read, as an order that all readers of one database agree about.
///
/// A later snapshot has a higher `xmax`, or the same and fewer transactions running below it: nothing else can change
/// what it sees. A new epoch (after a restore the numbers begin again) comes after all of earlier ones. Versions would
/// not do: the visibility of an edge depends on rows that are not its own, and the bulk load begins anew at 1.
struct ViewStamp: Sendable, Equatable, Comparable {
    let epoch: Int
    let xmax: Int
    let running: Int

    init(epoch: Int, xmax: Int, running: Int) {
        self.epoch = epoch
        self.xmax = xmax
        self.running = running
    }

    /// The stamp of what a snapshot shows.
    init(epoch: Int, snapshot: TransactionSnapshot) {
        self.init(epoch: epoch, xmax: Int(clamping: snapshot.xmax), running: snapshot.running.count)
    }

    static func < (left: Self, right: Self) -> Bool {
        if left.epoch != right.epoch { return left.epoch < right.epoch }
        if left.xmax != right.xmax { return left.xmax < right.xmax }
        return left.running > right.running
    }

    /// As the scripts keep it.
    var text: String { "\(epoch) \(xmax) \(running)" }
}
