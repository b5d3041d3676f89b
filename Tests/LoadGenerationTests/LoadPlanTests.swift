import NIOCore
import Testing

@testable import LoadGeneration

@Suite struct LoadPlanTests {
    @Test(arguments: [
        ("http://127.0.0.1:3000", "127.0.0.1", 3000, false), ("http://localhost/", "localhost", 80, false),
        ("https://cortex.example.org", "cortex.example.org", 443, true), ("http://[::1]:8080", "::1", 8080, false),
        ("https://[fe80::1]", "fe80::1", 443, true),
    ])
    func `an address is read and written back`(url: String, host: String, port: Int, isSecure: Bool) throws {
        let address = try #require(ServiceAddress(url))
        #expect(address.host == host && address.port == port && address.isSecure == isSecure)
        #expect(ServiceAddress(address.description) == address)
    }

    @Test(arguments: [
        "", "127.0.0.1:3000", "ftp://x", "http://", "http://user:pw@x", "http://x:0", "http://x:65536", "http://x:",
        "http://x/path", "http://x?q", "http://[::1", "http://[::1]x", "http://x y", "http://x\r\nHost: y",
    ])
    func `what is no address is refused`(url: String) {
        #expect(ServiceAddress(url) == nil)
    }

    @Test func `a mix is read`() {
        #expect(LoadMix("read=80,write=20") == LoadMix())
        #expect(LoadMix("write=1")?.read == 0)
        for text in ["", "read", "read=1,read=2", "read=-1", "read=0,write=0", "reads=1", "read=1,", "read=1;write=2"] {
            #expect(LoadMix(text) == nil)
        }
    }

    @Test func `writes come as often as the mix says`() throws {
        var generator = SplitMix64(state: 7)
        let mix = try #require(LoadMix("read=3,write=1"))
        let writes = (0..<10_000).filter { _ in mix.writes(using: &generator) }.count
        #expect((2_300...2_700).contains(writes))
    }

    @Test(arguments: [
        ("cortex-near; hit", "near"), ("cortex-redis; hit; ttl=3", "redis"), ("cortex; fwd=miss", "postgres"),
        ("cortex; fwd=bypass", "postgres"), ("nginx; hit", "none"), (nil, "none"),
    ])
    func `an answer says where it comes from`(header: String?, tier: String) {
        #expect(AnsweredBy(header).map { "\($0)" } ?? "none" == tier)
    }

    @Test(arguments: [
        (#"{"version":3,"description":"cortex bench write 42."}"#, 42),
        (#"{"description":"cortex bench write 0."}"#, 0),
        (#"{"description":"cortex bench write 42"}"#, nil), ("cortex bench write ", nil), ("", nil),
        ("cortex cortex bench write 7.", 7),
    ])
    func `the number of the last write is found in a document`(body: String, number: Int?) {
        #expect(BenchDocuments.number(in: ByteBuffer(string: body)) == number)
    }

    @Test func `requests are due one after the other, and not after the end`() throws {
        let start = ContinuousClock.now
        var plan = LoadPlan(service: try #require(ServiceAddress("http://x")))
        plan.duration = .seconds(1)
        plan.rate = 4
        let open = LoadSchedule(plan, start: start)
        let due = (0..<6).map { _ in open.next(start).map { $0 - start } }
        #expect(due == [.zero, .milliseconds(250), .milliseconds(500), .milliseconds(750), nil, nil])
        plan.rate = nil
        let closed = LoadSchedule(plan, start: start)
        #expect(closed.next(start + .milliseconds(999)) == start + .milliseconds(999))
        #expect(closed.next(start + .seconds(1)) == nil)
    }
}
