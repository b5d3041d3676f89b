/// The patches that one container's edit comes to.
///
/// Each stretch between two children that stay is looked at once: what was removed there goes with one comma, what is
/// added comes with one.
struct ContainerPatches {
    private(set) var patches: [BytePatch] = []
    private let edit: JSONPatchPlan.ContainerEdit
    private let style: JSONContainerStyle
    /// Absolute spans of the children, a member's from its name on.
    private let spans: [ByteSpan]

    init(_ edit: JSONPatchPlan.ContainerEdit, style: JSONContainerStyle) {
        self.edit = edit
        self.style = style
        let container = edit.container
        spans =
            container.kind == .object
            ? container.members.map { ByteSpan(start: $0.key.span.start, end: $0.value.span.end) }
            : container.elements.map(\.span)
        let kept = spans.indices.filter { !edit.removed.contains($0) }
        var previous: Int?
        for next in kept.map(Optional.some) + [nil] {
            addPatch(between: previous, and: next)
            previous = next
        }
    }

    private mutating func addPatch(between previous: Int?, and next: Int?) {
        let first = previous.map { $0 + 1 } ?? 0
        let last = next ?? spans.count
        let texts = (first...last).flatMap { edit.added[$0] ?? [] }.map(text(of:))
        guard first < last || !texts.isEmpty else { return }
        switch (previous, next) {
        case (let previous?, _):
            let start = spans[previous].end
            let end = first < last ? spans[last - 1].end : start
            add(start, end, texts.flatMap { [Ascii.comma] + style.gap + $0 })
        case (nil, let next?):
            let end = spans[next].start
            add(first < last ? spans[first].start : end, end, texts.flatMap { $0 + [Ascii.comma] + style.gap })
        case (nil, nil):
            fill(texts)
        }
    }

    /// Nothing of what was there stays.
    private mutating func fill(_ texts: [[UInt8]]) {
        let inside = ByteSpan(start: edit.container.span.start + 1, end: edit.container.span.end - 1)
        guard !texts.isEmpty else { return add(inside.start, inside.end, []) }
        let joined = Array(texts.joined(separator: [Ascii.comma] + style.gap))
        guard let first = spans.first, let last = spans.last else {
            let isOnLines = style.unit != nil
            return add(
                inside.start,
                inside.end,
                (isOnLines ? style.gap : []) + joined + (isOnLines ? style.closing : [])
            )
        }
        add(first.start, last.end, joined)
    }

    private mutating func add(_ start: Int, _ end: Int, _ replacement: [UInt8]) {
        guard end > start || !replacement.isEmpty else { return }
        patches.append(BytePatch(offset: start, length: end - start, replacement: replacement))
    }

    private func text(of addition: JSONPatchPlan.Addition) -> [UInt8] {
        var text: [UInt8] = []
        switch addition {
        case .member(let name, let value):
            text = name + style.colon
            style.append(value.root, to: &text)
        case .element(let value):
            style.append(value.root, to: &text)
        }
        return text
    }
}
