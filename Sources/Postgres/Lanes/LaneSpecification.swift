/// What a lane is made for, for the I/O thread.
struct LaneSpecification: Sendable {
    /// What messages call it.
    let name: String
    /// How to connect; its statement timeout is the lane's.
    let configuration: PostgresConfiguration
    /// Settings of its connections on the server.
    let settings: [String]
    let acknowledgement: LaneBatchStateMachine.Acknowledgement
    let policy: LaneStateMachine.Policy
    let statementTimeout: Duration

    /// A connection that says nothing for so long is given up: the server ends every statement before.
    var silence: Duration { statementTimeout + configuration.stopGrace }
}

extension LaneSpecification {
    /// The lane for reads.
    static func reads(_ configuration: PostgresConfiguration, _ lanes: LanesConfiguration) -> LaneSpecification {
        LaneSpecification(
            name: "read",
            configuration: configuration.with(statementTimeout: lanes.statementTimeout),
            settings: ["default_transaction_read_only=on"],
            acknowledgement: .atResult,
            policy: LaneStateMachine.Policy(
                maximumConnections: lanes.readConnections.clamped(1...4),
                maximumBatch: lanes.maximumBatch.clamped(1...1_024),
                sharing: .always,
                patience: lanes.outagePatience
            ),
            statementTimeout: lanes.statementTimeout
        )
    }

    /// The lane for writes.
    static func writes(_ configuration: PostgresConfiguration, _ lanes: LanesConfiguration) -> LaneSpecification {
        let connections = lanes.writeConnections.clamped(1...32)
        return LaneSpecification(
            name: "write",
            configuration: configuration.with(statementTimeout: lanes.statementTimeout),
            settings: [],
            acknowledgement: .atSync,
            policy: LaneStateMachine.Policy(
                maximumConnections: connections,
                maximumBatch: lanes.maximumBatch.clamped(1...1_024),
                sharing: .above(
                    demand: max(2, lanes.sharingDemand),
                    connections: min(connections, lanes.sharingConnections.clamped(1...4))
                ),
                patience: lanes.outagePatience
            ),
            statementTimeout: lanes.statementTimeout
        )
    }
}

extension PostgresConfiguration {
    fileprivate func with(statementTimeout: Duration) -> PostgresConfiguration {
        var copy = self
        copy.statementTimeout = statementTimeout
        return copy
    }
}

extension Int {
    fileprivate func clamped(_ bounds: ClosedRange<Int>) -> Int {
        Swift.min(Swift.max(self, bounds.lowerBound), bounds.upperBound)
    }
}
