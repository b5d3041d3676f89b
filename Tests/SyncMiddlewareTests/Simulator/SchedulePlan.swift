/// What a seed decides before a schedule begins: who there is, what clients ask, what breaks and when.
struct SchedulePlan {
    struct Operation {
        enum Kind {
            case read(instance: Int, key: String, choice: Int)
            case write(instance: Int, key: String)
            /// A change by another program, through PostgreSQL alone.
            case foreignWrite(key: String)
        }

        let time: Int
        let kind: Kind
    }

    struct Fault {
        enum Kind: CaseIterable {
            case crash, evict, flushAll, takeImage, restartRedis, restartRedisWithImage, stallRedis, fillRedis
            case redisClock, cutFromRedis, cutFromDatabase, dropMessages, pauseRelay, stopAllRelays, deposeRelay
            case flushEpoch, foreignTransaction, forgedHint
        }

        let time: Int
        let kind: Kind
        let instance: Int
        let key: String
        let length: Int
    }

    let instances: Int
    let keys: [String]
    /// When faults end and clients fall silent.
    let healing: Int
    /// One message in so many is slow, and takes up to `slowest` milliseconds.
    let slowOdds: Int
    let slowest: Int
    /// How long documents live in Redis.
    let documentTime: Int
    /// Whether the processes keep documents themselves; without, more reads meet in Redis.
    let hasNearCache: Bool
    /// One write in so many is given up by its process between two steps.
    let abandonOdds: Int
    /// One COMMIT in so many gets no reply, and takes effect later, or never.
    let lostCommitOdds: Int
    private(set) var operations: [Operation] = []
    private(set) var faults: [Fault] = []

    init(_ random: inout SeededRandom) {
        instances = random.oneIn(4) ? 3 : 2
        keys = random.oneIn(5) ? ["t:a", "t:b"] : ["t:a"]
        // Half are short and dense, half long enough for S to pass.
        let isLong = random.oneIn(2)
        healing = isLong ? 1200 + random.below(1500) : 300 + random.below(400)
        slowOdds = random.oneIn(2) ? 6 : 32
        slowest = random.oneIn(2) ? 120 : 700
        hasNearCache = random.oneIn(2)
        documentTime = random.oneIn(3) ? 1500 : 8000
        abandonOdds = random.oneIn(2) ? 3 : 12
        lostCommitOdds = random.oneIn(2) ? 3 : 12

        // Operations come in bursts: interleavings matter more than load.
        let spread = [12, 60, 250][random.below(3)]
        let isOutage = isLong && random.oneIn(3)
        var burst = random.below(200)
        for _ in 0..<(10 + random.below(16)) {
            if random.oneIn(isOutage ? 1 : 4) { burst = random.below(healing) }
            let time = min(burst + random.below(spread), healing - 1)
            let instance = random.below(instances)
            let key = keys[random.below(keys.count)]
            let kind: Operation.Kind =
                switch random.below(10) {
                case 0...(isOutage ? 7 : 5): .read(instance: instance, key: key, choice: random.below(12))
                case 6...8: .write(instance: instance, key: key)
                default: .foreignWrite(key: key)
                }
            operations.append(Operation(time: time, kind: kind))
            if !isOutage, random.oneIn(3) {
                faults.append(fault(.evict, at: min(burst + random.below(40 + spread), healing - 1), &random))
            }
        }
        if isOutage {
            // Longer than S nobody passes changes, or Redis comes back with what it held before.
            let start = random.below(500)
            if random.oneIn(2) {
                faults.append(fault(.stopAllRelays, at: start, &random, length: 1300 + random.below(1000)))
            } else {
                faults.append(fault(.takeImage, at: start, &random))
                faults.append(fault(.restartRedisWithImage, at: start + random.below(healing - start), &random))
            }
        }
        for _ in 0..<random.below(isLong ? 7 : 4) {
            let kind = Fault.Kind.allCases[random.below(Fault.Kind.allCases.count)]
            let time = random.below(healing)
            faults.append(fault(kind, at: time, &random))
            if kind == .takeImage, random.oneIn(2) {
                faults.append(fault(.restartRedisWithImage, at: time + random.below(healing - time), &random))
            }
        }
    }

    private func fault(
        _ kind: Fault.Kind,
        at time: Int,
        _ random: inout SeededRandom,
        length: Int? = nil
    ) -> Fault {
        Fault(
            time: time,
            kind: kind,
            instance: random.below(instances),
            key: keys[random.below(keys.count)],
            length: length ?? (random.oneIn(2) ? random.below(200) : random.below(2000))
        )
    }
}
