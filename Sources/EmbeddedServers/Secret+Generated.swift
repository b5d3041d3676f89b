import Diagnostics

extension Secret {
    /// A new secret of 40 letters and digits (238 bits) from the system's generator.
    ///
    /// Nothing in it needs quoting in SQL, URLs, passfiles, shells or Redis' configuration.
    static func generated() -> Secret {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        var generator = SystemRandomNumberGenerator()
        return Secret(String((0..<40).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }))
    }
}
