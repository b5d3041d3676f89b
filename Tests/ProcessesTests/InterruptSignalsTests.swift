import Diagnostics
import Processes
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite("Interrupt signals", .serialized)
struct InterruptSignalsTests {
    @Test("the first signal cancels the work, which may still tidy up", arguments: [SIGINT, SIGTERM])
    func cancels(_ signal: Int32) async throws {
        try await withTemporaryDirectory { directory in
            let error = await #expect(throws: ProcessesError.self) {
                try await InterruptSignals.cancelling(onInterrupt: { _ in }) {
                    kill(getpid(), signal)
                    do {
                        try await Task.sleep(for: .seconds(60))
                    } catch {
                        try SmallFile.write(text: "tidy", to: "\(directory)/tidy")
                        throw error
                    }
                }
            }
            #expect(error?.code == .interrupted)
            #expect(error?.details["signal"] == String(signal))
            #expect(Directory.exists("\(directory)/tidy"))
        }
    }

    @Test("without a signal the work's own outcome counts, and cancelling from outside is no interruption")
    func outcomes() async throws {
        struct Own: Error {}
        #expect(try await InterruptSignals.cancelling { 7 } == 7)
        await #expect(throws: Own.self) { try await InterruptSignals.cancelling { throw Own() } }
        await #expect(throws: CancellationError.self) {
            try await InterruptSignals.cancelling { throw CancellationError() }
        }
    }

    @Test("a second signal ends the process at once, whatever the work does")
    func second() async {
        await #expect(processExitsWith: .exitCode(128 + SIGTERM)) {
            try await InterruptSignals.cancelling {
                // Two signals that are sent before the first is handled count as one: so it is sent again and again.
                while true {
                    kill(getpid(), SIGTERM)
                    await Task.yield()
                }
            }
        }
    }
}
