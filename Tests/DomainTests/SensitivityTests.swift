import Domain
import Testing

@Suite("Sensitivity")
struct SensitivityTests {
    @Test("rises from public to secret")
    func order() {
        #expect(Sensitivity.allCases == Sensitivity.allCases.sorted())
        #expect(Sensitivity.allCases.map(\.rawValue) == ["public", "internal", "confidential", "restricted", "secret"])
        #expect(Sensitivity.unstated == .internal)
    }

    @Test("may be read up to the clearance, and by nobody without one")
    func reading() {
        for clearance in Sensitivity.allCases {
            let readable = Sensitivity.allCases.filter { $0.isReadable(with: clearance) }
            #expect(readable.last == clearance && readable.count == clearance.rank)
        }
        #expect(!Sensitivity.allCases.contains { $0.isReadable(with: nil) })
    }
}
