import Diagnostics
import Testing

@Suite("Error codes")
struct ErrorCodeTests {
    @Test(
        "every code has a meaning that fails: an exit status other than 0 and an HTTP error",
        arguments: ErrorCode.allCases
    )
    func meaning(code: ErrorCode) {
        #expect(code.meaning.exitStatus != .done)
        #expect((400..<600).contains(code.meaning.httpStatus))
    }

    @Test("codes are unique, lower-case words joined by dots")
    func names() {
        let names = ErrorCode.allCases.map(\.rawValue)
        #expect(Set(names).count == names.count)
        for name in names {
            #expect(name.wholeMatch(of: /[a-z_]+(\.[a-z_]+)?/) != nil, "\(name)")
        }
    }

    @Test(
        "the exit statuses are those of the interface",
        arguments: [
            (ErrorCode.usage, 64), (.settingInvalid, 64), (.confirmationRequired, 64), (.quarantineExceeded, 65),
            (.jsonInvalid, 65), (.sourceMissing, 65), (.postgresUnavailable, 69), (.programMissing, 69),
            (.cannotWrite, 73),
            (.diskFull, 73), (.interrupted, 75), (.runLocked, 75), (.notPermitted, 77), (.sourceNotPermitted, 77),
            (.verificationFailed, 2), (.schemaDrift, 2), (.ledgerUnbalanced, 1), (.internal, 1),
        ] as [(ErrorCode, Int32)]
    )
    func exitStatus(code: ErrorCode, status: Int32) {
        #expect(code.meaning.exitStatus.rawValue == status)
    }

    @Test("what may succeed later without a change is a server's or the disk's trouble, never the caller's mistake")
    func retry() {
        for code in ErrorCode.allCases where code.meaning.isRetryable {
            #expect([ExitStatus.unavailable, .interrupted, .cannotWrite].contains(code.meaning.exitStatus), "\(code)")
        }
    }

    @Test("exit statuses are the documented numbers")
    func statuses() {
        #expect(ExitStatus.allCases.map(\.rawValue) == [0, 1, 2, 64, 65, 69, 73, 75, 77])
    }
}

@Suite("Errors")
struct CortexErrorTests {
    private struct Plain: CortexError {
        let code = ErrorCode.internal
        let message = "it broke"
        var cause: (any Error)?
    }

    @Test("the description is the message with the chain of causes")
    func description() {
        #expect("\(Plain())" == "it broke")
        #expect("\(Plain(cause: Plain(cause: Plain())))" == "it broke: it broke: it broke")
    }

    @Test("hint and details are empty by default")
    func defaults() {
        #expect(Plain().hint == nil)
        #expect(Plain().details.isEmpty)
    }
}
