extension String {
    /// The URL with another port.
    public func replacingPort(_ port: UInt16, with other: UInt16) -> String {
        guard let range = firstRange(of: ":\(port)/") else { return self }
        return self[..<range.lowerBound] + ":\(other)/" + self[range.upperBound...]
    }
}
