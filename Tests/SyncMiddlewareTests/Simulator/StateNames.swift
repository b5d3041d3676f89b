@testable import SyncMiddleware

/// A state whose name stands in a diagram.
protocol NamedState {
    var name: String { get }
}

extension ReadStateMachine.State: NamedState {
    var name: String {
        switch self {
        case .new: "new"
        case .getting: "getting"
        case .leasing: "leasing"
        case .pausing: "pausing"
        case .reading: "reading"
        case .gettingStale: "gettingStale"
        case .done: "done"
        }
    }
}

extension WriteStateMachine.State: NamedState {
    var name: String {
        switch self {
        case .new: "new"
        case .leasing: "leasing"
        case .transacting: "transacting"
        case .committing: "committing"
        case .publishing: "publishing"
        case .waiting: "waiting"
        case .burying: "burying"
        case .done: "done"
        }
    }
}

extension RelayStateMachine.State: NamedState {
    var name: String {
        switch self {
        case .standby: "standby"
        case .idle: "idle"
        case .reading: "reading"
        case .invalidating: "invalidating"
        case .saving: "saving"
        case .changing: "changing"
        }
    }
}

extension BreakerStateMachine.State: NamedState {
    var name: String {
        switch self {
        case .closed: "closed"
        case .open: "open"
        case .halfOpen: "halfOpen"
        }
    }
}
