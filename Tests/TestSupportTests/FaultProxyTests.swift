import Testing

@testable import TestSupport

@Suite("The proxy with faults")
struct FaultProxyTests {
    @Test("Bytes pass both ways, many and on several connections")
    func passes() throws {
        try ProxiedServer.with { proxied in
            let first = try proxied.connect()
            let second = try proxied.connect()
            let long = String(repeating: "0123456789", count: 20_000)
            try first.client.send(long)
            try second.server.send("hello")
            #expect(first.server.receive(count: long.utf8.count) == long)
            #expect(second.client.receive() == .text("hello"))
            #expect(proxied.proxy.connections == 2)
        }
    }

    @Test("The end of one side reaches the other, which may still answer")
    func halfClose() throws {
        try ProxiedServer.with { proxied in
            let (client, server) = try proxied.connect()
            try client.send("last words")
            client.endWriting()
            #expect(server.receive() == .text("last words"))
            #expect(server.receive() == .end)
            try server.send("answer")
            #expect(client.receive() == .text("answer"))
        }
    }

    @Test("A stall holds everything back and loses nothing")
    func stall() throws {
        try ProxiedServer.with { proxied in
            let (client, server) = try proxied.connect()
            proxied.proxy.set(.stall)
            try client.send("question")
            try server.send("answer")
            client.endWriting()
            #expect(server.receive(within: 50) == .nothing)
            #expect(client.receive(within: 50) == .nothing)
            proxied.proxy.heal()
            #expect(server.receive() == .text("question"))
            #expect(server.receive() == .end)
            #expect(client.receive() == .text("answer"))
        }
    }

    @Test("A sender is not read for ever while its bytes cannot go on")
    func bound() throws {
        try ProxiedServer.with { proxied in
            let (client, server) = try proxied.connect()
            proxied.proxy.set(.delay(.seconds(1_000), jitter: .zero))
            let chunk = [UInt8](repeating: 0, count: 1 << 20)
            var sent = 0
            var isFull = false
            // What the kernel and the proxy hold has an end.
            while sent < 64 << 20, !isFull {
                let count = client.sendWithoutWaiting(chunk)
                sent += count
                guard count == 0 else { continue }
                #expect(client.receive(within: 100) == .nothing)
                isFull = client.sendWithoutWaiting(chunk) == 0
            }
            #expect(server.receive(within: 0) == .nothing)
            #expect(isFull, "\(sent) bytes were taken")
        }
    }

    @Test("A half-open connection loses one direction, and is cut when the fault is over")
    func halfOpen() throws {
        try ProxiedServer.with { proxied in
            let (client, server) = try proxied.connect()
            let other = try proxied.connect()
            proxied.proxy.set(.drop, on: [.toClient])
            try server.send("lost")
            try client.send("question")
            #expect(server.receive() == .text("question"))
            #expect(client.receive(within: 50) == .nothing)
            proxied.proxy.set(.none)
            #expect(client.receive() == .end)
            #expect(server.receive() == .end)
            // Nothing was lost here.
            try other.server.send("still there")
            #expect(other.client.receive() == .text("still there"))
        }
    }

    @Test("The end of a side is lost like its bytes")
    func lostEnd() throws {
        try ProxiedServer.with { proxied in
            let (client, server) = try proxied.connect()
            proxied.proxy.set(.drop, on: [.toClient])
            server.endWriting()
            #expect(client.receive(within: 50) == .nothing)
            proxied.proxy.heal()
            #expect(client.receive() == .end)
        }
    }

    @Test("A delay comes before the bytes, and their order stays")
    func delay() throws {
        try ProxiedServer.with { proxied in
            let (client, server) = try proxied.connect()
            proxied.proxy.set(.delay(.milliseconds(40), jitter: .milliseconds(40)), on: [.toServer])
            let start = MonotonicTime.now
            for number in 0..<10 {
                try client.send("\(number)")
                try server.send("\(number)")
            }
            #expect(client.receive(count: 10) == "0123456789")
            #expect(server.receive(count: 10) == "0123456789")
            #expect(MonotonicTime.now - start >= 40_000_000)
        }
    }

    @Test("New connections are refused while those there go on")
    func refuse() throws {
        try ProxiedServer.with { proxied in
            let (client, server) = try proxied.connect()
            proxied.proxy.refuse(true)
            #expect(try TCPEnd(port: proxied.proxy.port).receive() == .end)
            try client.send("x")
            #expect(server.receive() == .text("x"))
            proxied.proxy.heal()
            let later = try proxied.connect()
            try later.client.send("y")
            #expect(later.server.receive() == .text("y"))
        }
    }

    @Test("A cut ends what is there, and later connections pass")
    func cut() throws {
        try ProxiedServer.with { proxied in
            let (client, server) = try proxied.connect()
            proxied.proxy.cut()
            #expect(client.receive() == .end)
            #expect(server.receive() == .end)
            #expect(proxied.proxy.connections == 0)
            let later = try proxied.connect()
            try later.client.send("y")
            #expect(later.server.receive() == .text("y"))
        }
    }

    @Test("A fault holds for connections that come later, in its direction alone")
    func laterConnections() throws {
        try ProxiedServer.with { proxied in
            proxied.proxy.set(.stall, on: [.toServer])
            let (client, server) = try proxied.connect()
            try client.send("question")
            try server.send("greeting")
            #expect(client.receive() == .text("greeting"))
            #expect(server.receive(within: 50) == .nothing)
        }
    }

    @Test("Who connects while the server is down is reset")
    func serverDown() throws {
        let (listener, port) = try ProxySocket.listener()
        ProxySocket.reset(listener)
        let proxy = try FaultProxy(target: port)
        defer { proxy.close() }
        #expect(try TCPEnd(port: proxy.port).receive() == .end)
    }

    @Test("Nobody is taken after the close, and closing twice is fine")
    func close() throws {
        try ProxiedServer.with { proxied in
            let (client, _) = try proxied.connect()
            proxied.proxy.close()
            proxied.proxy.close()
            #expect(client.receive() == .end)
            #expect(throws: (any Error).self) {
                guard try TCPEnd(port: proxied.proxy.port).receive() == .end else { return }
                throw TCPEnd.Refused()
            }
        }
    }
}
