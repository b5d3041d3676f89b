import Diagnostics
import Processes

/// Performs the actions of a `StopStateMachine`.
enum ServerStopper {
    /// Stops the process; throws `server.stop_failed` if even SIGKILL has no effect.
    static func run(_ machine: inout StopStateMachine, name: String, log: String) async throws {
        var action = machine.start()
        while true {
            switch action {
            case .signal(let pid, let signal, let wait):
                ProcessTable.signal(pid, signal)
                let gone = try await ProcessTable.waitForExit(of: pid, within: wait)
                action = gone ? machine.exited() : machine.deadlinePassed()
            case .done:
                return
            case .giveUp(let pid):
                throw EmbeddedServersError(
                    .serverStopFailed,
                    "\(name) (process \(pid)) does not end, not even when killed",
                    hint: "It probably waits for a disk. End it by hand when the disk answers.",
                    details: ["pid": String(pid), "log": SmallFile.tail(of: log)]
                )
            }
        }
    }
}
