import Foundation

/// The logarithm to base 10.
func logarithm(_ value: Double) -> Double { log10(value) }
