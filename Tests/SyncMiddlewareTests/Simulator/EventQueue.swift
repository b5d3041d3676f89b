/// What happens when, in virtual milliseconds; events of one moment happen in the order in which they were added.
struct EventQueue {
    private struct Event {
        let time: Int
        let run: () -> Void
    }

    /// The next one is last.
    private var events: [Event] = []

    mutating func add(at time: Int, _ run: @escaping () -> Void) {
        var low = 0
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            if events[middle].time < time {
                high = middle
            } else if events[middle].time > time {
                low = middle + 1
            } else {
                // Equal times: the newer one goes before all of them in the array.
                high = middle
            }
        }
        events.insert(Event(time: time, run: run), at: low)
    }

    mutating func next(until end: Int) -> (time: Int, run: () -> Void)? {
        guard let event = events.last, event.time <= end else { return nil }
        events.removeLast()
        return (event.time, event.run)
    }
}
