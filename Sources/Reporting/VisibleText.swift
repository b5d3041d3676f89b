/// What can be seen of a text.
enum VisibleText {
    /// Control characters, and those that only change how others are shown (direction marks, joiners, tags).
    static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}
