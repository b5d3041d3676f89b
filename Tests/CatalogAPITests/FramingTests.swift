import Foundation
import TestSupport
import Testing

@testable import CatalogAPI

@Suite("What comes on a connection")
struct FramingTests {
    @Test(
        "gets as many answers as there are requests, and the connection ends where nothing can be understood any more"
    )
    func vectors() async throws {
        try await TestService.run { connection in
            for vector in FramingVector.all {
                let found = try await connection.exchange(
                    vector.parts,
                    expected: vector.ends ? nil : vector.statuses.count,
                    heads: vector.heads,
                    closesOutput: vector.closesOutput
                )
                #expect(found.answers.map(\.status) == vector.statuses, "\(vector.name): \(Self.shown(found.bytes))")
                if vector.ends { #expect(found.isClosed, "\(vector.name): the connection stays open") }
                for answer in found.answers where answer.status >= 400 {
                    #expect(answer.field("content-type") == "application/problem+json", "\(vector.name)")
                }
                #expect(try await connection.ask("GET", "/livez").status == 200, "after \(vector.name)")
            }
            #expect(FramingVector.all.count >= 60)
        }
    }

    private static func shown(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(200), as: UTF8.self).replacingOccurrences(of: "\r\n", with: "|")
    }
}
