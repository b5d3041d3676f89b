/// Tickets, first in, first out, each in constant time.
struct TicketQueue: Sendable {
    private var tickets: [Int] = []
    private var head = 0

    /// The ticket that has waited longest.
    var first: Int? { head < tickets.count ? tickets[head] : nil }

    /// Puts a ticket at the end.
    mutating func append(_ ticket: Int) { tickets.append(ticket) }

    /// Drops the first ticket, which must exist.
    mutating func removeFirst() {
        head += 1
        if head == tickets.count {
            tickets.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1_024, head * 2 >= tickets.count {
            tickets.removeFirst(head)
            head = 0
        }
    }
}
