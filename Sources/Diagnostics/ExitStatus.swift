/// How a `cortex` process ends.
///
/// The numbers follow `sysexits.h` where it has one for the case.
public enum ExitStatus: Int32, Sendable, CaseIterable {
    /// Everything asked for was done.
    case done = 0
    /// The work failed.
    case failed = 1
    /// The work finished and found differences (verify, drift, audit).
    case differences = 2
    /// The command line could not be understood.
    case usage = 64
    /// The input data is bad, or more of it was quarantined than allowed.
    case badData = 65
    /// A service that the work needs is unavailable.
    case unavailable = 69
    /// A place cannot be written.
    case cannotWrite = 73
    /// The work was interrupted and can be resumed.
    case interrupted = 75
    /// The caller may not do this.
    case notPermitted = 77
}
