/// How an object or array is laid out, so that what is added to it looks like what is there.
struct JSONContainerStyle: Sendable {
    /// The white space before each member or element.
    let gap: [UInt8]
    /// What stands between a name and its value: a colon with the white space around it.
    let colon: [UInt8]
    /// The white space before the closing bracket of a container that is filled for the first time.
    let closing: [UInt8]
    /// What each level adds to the indentation; nil where the container is written on one line.
    let unit: [UInt8]?

    private static let defaultUnit: [UInt8] = [Ascii.space, Ascii.space]

    /// The style of a container that has children, read off its last two; that of an empty one follows from `around`.
    init(of container: JSONValue, around outer: JSONContainerStyle? = nil) {
        let children = Children(of: container)
        guard let last = children.starts.last, let first = children.starts.first else {
            self = Self.empty(around: outer)
            return
        }
        let bytes = container.storage.bytes
        let colon = children.lastColon ?? outer?.colon ?? Self.anyColon(in: container) ?? [Ascii.colon]
        let isSpaced = colon.last == Ascii.space || outer.map { $0.unit == nil && $0.gap == [Ascii.space] } == true
        var gap = Self.blanks(before: last, in: bytes)
        if children.starts.count == 1, !gap.contains(Ascii.newline) {
            gap = isSpaced || !gap.isEmpty ? [Ascii.space] : []
        }
        let closing = Self.blanks(before: children.end, in: bytes)
        self.gap = gap
        self.colon = colon
        self.closing = closing
        guard gap.contains(Ascii.newline), first <= last else {
            unit = nil
            return
        }
        let (inner, outside) = (Self.indentation(gap), Self.indentation(closing))
        let isIndented = closing.contains(Ascii.newline) && inner.starts(with: outside) && inner.count > outside.count
        unit = isIndented ? Array(inner.dropFirst(outside.count)) : outer?.unit ?? Self.defaultUnit
    }

    private init(gap: [UInt8], colon: [UInt8], closing: [UInt8], unit: [UInt8]?) {
        self.gap = gap
        self.colon = colon
        self.closing = closing
        self.unit = unit
    }

    /// The style one level further in.
    var inner: JSONContainerStyle {
        guard let unit else { return JSONContainerStyle(gap: lineGap, colon: colon, closing: [], unit: nil) }
        return JSONContainerStyle(gap: gap + unit, colon: colon, closing: gap, unit: unit)
    }

    /// The gap between elements that share a line: a blank where the colon has one behind it.
    private var lineGap: [UInt8] { colon.last == Ascii.space || gap.last == Ascii.space ? [Ascii.space] : [] }

    private static func empty(around outer: JSONContainerStyle?) -> JSONContainerStyle {
        outer?.inner ?? JSONContainerStyle(gap: [], colon: [Ascii.colon], closing: [], unit: nil)
    }

    /// The colon of the first member inside of the container's children.
    private static func anyColon(in container: JSONValue) -> [UInt8]? {
        for element in container.elements where element.kind == .object {
            if let colon = Children(of: element).lastColon { return colon }
        }
        return nil
    }

    /// The white space that ends at an index.
    private static func blanks(before end: Int, in bytes: ArraySlice<UInt8>) -> [UInt8] {
        var start = end
        while start > bytes.startIndex, bytes[start - 1].isJSONWhitespace { start -= 1 }
        return Array(bytes[start..<end])
    }

    private static func indentation(_ gap: [UInt8]) -> ArraySlice<UInt8> {
        gap[((gap.lastIndex(of: Ascii.newline) ?? -1) + 1)...]
    }

    /// Where the children of a container stand, as indices into the document's bytes.
    private struct Children {
        var starts: [Int] = []
        var lastColon: [UInt8]?
        let end: Int

        init(of container: JSONValue) {
            let first = container.storage.bytes.startIndex
            let base = container.storage.base
            end = first + container.span.end - base - 1
            if container.kind == .object {
                for member in container.members {
                    starts.append(first + member.key.span.start - base)
                    lastColon = Array(
                        container.storage.bytes[
                            first + member.key.span.end - base..<first + member.value.span.start - base
                        ]
                    )
                }
            } else {
                for element in container.elements { starts.append(first + element.span.start - base) }
            }
        }
    }
}

extension JSONContainerStyle {
    /// The deepest nesting that is laid out anew; what is deeper is copied as it is.
    private static let deepest = 64

    /// Appends a value as it is written inside of a container of this style: white space is ours, the rest is exact.
    func append(_ value: JSONValue, to output: inout [UInt8], depth: Int = 0) {
        guard value.count > 0, depth < Self.deepest else { return output.append(contentsOf: value.rawText) }
        let style = inner
        output.append(value.kind == .object ? Ascii.openBrace : Ascii.openBracket)
        var isFirst = true
        func separate() {
            if !isFirst { output.append(Ascii.comma) }
            if style.unit != nil || !isFirst { output += style.gap }
            isFirst = false
        }
        for member in value.members {
            separate()
            output += member.key.rawText
            output += style.colon
            style.append(member.value, to: &output, depth: depth + 1)
        }
        for element in value.elements {
            separate()
            style.append(element, to: &output, depth: depth + 1)
        }
        if style.unit != nil { output += style.closing }
        output.append(value.kind == .object ? Ascii.closeBrace : Ascii.closeBracket)
    }
}
