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
            case flushEpoch, foreignTransaction
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
    /// One write in so many is given up by its process between two steps.
    let abandonOdds: Int
    private(set) var operations: [Operation] = []
    private(set) var faults: [Fault] = []

    init(_ random: inout SeededRandom) {
        instances = random.oneIn(4) ? 3 : 2
        keys = random.oneIn(5) ? ["a", "b"] : ["a"]
        // Half are short and dense, half long enough for S to pass.
        let isLong = random.oneIn(2)
        healing = isLong ? 1200 + random.below(1500) : 300 + random.below(400)
        slowOdds = random.oneIn(2) ? 6 : 32
        slowest = random.oneIn(2) ? 120 : 700
        documentTime = random.oneIn(3) ? 1500 : 8000
        abandonOdds = random.oneIn(2) ? 3 : 12

        // Operations come in bursts: interleavings matter more than load.
        var burst = random.below(200)
        for _ in 0..<(10 + random.below(16)) {
            if random.oneIn(4) { burst = random.below(healing) }
            let time = min(burst + random.below(12), healing - 1)
            let instance = random.below(instances)
            let key = keys[random.below(keys.count)]
            let kind: Operation.Kind =
                switch random.below(10) {
                case 0...5: .read(instance: instance, key: key, choice: random.below(12))
                case 6...8: .write(instance: instance, key: key)
                default: .foreignWrite(key: key)
                }
            operations.append(Operation(time: time, kind: kind))
            if random.oneIn(3) { faults.append(fault(.evict, at: min(burst + random.below(40), healing - 1), &random)) }
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

    private func fault(_ kind: Fault.Kind, at time: Int, _ random: inout SeededRandom) -> Fault {
        Fault(
            time: time,
            kind: kind,
            instance: random.below(instances),
            key: keys[random.below(keys.count)],
            length: random.oneIn(2) ? random.below(200) : random.below(2000)
        )
    }
}
