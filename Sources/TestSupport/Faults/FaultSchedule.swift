/// Which faults happen when, decided by a seed.
public struct FaultSchedule: Sendable, Equatable {
    /// What can go wrong.
    public enum Fault: String, Sendable, CaseIterable {
        /// `kill -9` of an instance, which is started again.
        case killInstance
        /// `kill -9` of the instance whose relay is in office.
        case killRelay
        /// `kill -9` of Redis, which comes back empty.
        case killRedis
        /// `kill -9` of PostgreSQL with all its sessions.
        case killPostgres
        /// Redis hangs (SIGSTOP).
        case stallRedis
        /// FLUSHALL.
        case flushRedis
        /// Redis is killed and comes back with what it held a while ago.
        case oldImage
        /// Redis may use 2 MB.
        case littleMemory
        /// One instance does not reach Redis.
        case cutOff
        /// One instance sends to Redis and gets no replies, without a word.
        case loseReplies
        /// The connections of one instance to PostgreSQL are cut, again and again: replies to COMMIT get lost.
        case cutDatabase
        /// A transaction that has written is left open in our database.
        case openTransaction
        /// A transaction that has written is left open in another database of the server.
        case openTransactionElsewhere
        /// Another program changes rows.
        case foreignWrites
    }

    /// A fault at its time.
    public struct Step: Sendable, Equatable, CustomStringConvertible {
        /// The pause before it.
        public let pause: Duration
        /// What goes wrong.
        public let fault: Fault
        /// How long, for what has a length.
        public let length: Duration
        /// Which of the instances, for what befalls one.
        public let instance: Int

        /// Fault, length and instance.
        public var description: String { "\(fault) for \(length) (instance \(instance))" }
    }

    /// The seed.
    public let seed: UInt64
    /// The faults in order.
    public let steps: [Step]

    /// Faults that begin 0.5 to 3 s after one another for so long; every kind comes before any comes a second time.
    public init(
        seed: UInt64,
        duration: Duration,
        instances: Int,
        faults: Set<Fault> = Set(Fault.allCases)
    ) {
        precondition(!faults.isEmpty, "a schedule without faults")
        self.seed = seed
        var random = SeededGenerator(seed: seed)
        var steps: [Step] = []
        var bag: [Fault] = []
        var time = Duration.zero
        while true {
            let length = Duration.milliseconds(Int.random(in: 200...1_800, using: &random))
            let pause = Duration.milliseconds(Int.random(in: 300...1_200, using: &random))
            let instance = Int.random(in: 0..<instances, using: &random)
            if bag.isEmpty { bag = Fault.allCases.filter(faults.contains).shuffled(using: &random) }
            time += pause
            guard time < duration else { break }
            time += length
            steps.append(Step(pause: pause, fault: bag.removeLast(), length: length, instance: instance))
        }
        self.steps = steps
    }
}
