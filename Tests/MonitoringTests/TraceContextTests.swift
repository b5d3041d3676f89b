import Monitoring
import Testing

@Suite struct TraceContextTests {
    private static let example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func `a valid traceparent is read and written back`() throws {
        let context = try #require(TraceContext(traceparent: Self.example))
        #expect(context.traceID.description == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(context.spanID == 0x00f0_67aa_0ba9_02b7)
        #expect(context.isSampled)
        #expect(context.traceparent == Self.example)
    }

    @Test func `a later version is read as far as it is known`() throws {
        let later = "01" + Self.example.dropFirst(2) + "-what-the-future-brings"
        #expect(try #require(TraceContext(traceparent: later)).traceparent == Self.example)
    }

    @Test(arguments: [
        "", "00", String(example.dropLast()), example + "-00", example + "0", "ff" + example.dropFirst(2),
        example.uppercased(), example.replacing("-", with: "_"),
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "0x" + example.dropFirst(2),
        "01" + example.dropFirst(2) + "0", "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
    ])
    func `what the specification calls invalid is nil`(text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }

    @Test func `a child has the trace and a span of its own`() throws {
        var generator = SystemRandomNumberGenerator()
        let parent = TraceContext.random(using: &generator)
        let child = parent.child(using: &generator)
        #expect(child.traceID == parent.traceID)
        #expect(child.spanID != parent.spanID)
        #expect(TraceContext(traceparent: child.traceparent) == child)
    }
}
