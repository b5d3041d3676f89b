import Diagnostics
import LosslessJSON

/// A JSON patch (RFC 6902).
struct JSONPatch {
    private struct Step {
        let operation: String
        /// The components of the pointer, unescaped bytes.
        let path: [[UInt8]]
        let from: [[UInt8]]?
        let value: JSONValue?
    }

    private let steps: [Step]

    /// Reads a patch; throws `catalog.invalid` with the pointer of what is wrong.
    init(_ body: [UInt8]) throws(CatalogError) {
        let root = try DocumentBody.value(body).root
        guard root.kind == .array else { throw .invalid("", "a JSON patch is a list of operations") }
        var steps: [Step] = []
        for (number, item) in root.elements.enumerated() { steps.append(try Self.step(item, at: "/\(number)")) }
        self.steps = steps
    }

    private static func step(_ item: JSONValue, at pointer: String) throws(CatalogError) -> Step {
        guard let operation = item["op"]?.string,
            ["add", "remove", "replace", "move", "copy", "test"].contains(operation)
        else { throw .invalid("\(pointer)/op", "must be add, remove, replace, move, copy or test") }
        guard let path = item["path"]?.string.flatMap(JSONPointer.components) else {
            throw .invalid("\(pointer)/path", "must be a JSON pointer")
        }
        var from: [[UInt8]]?
        if operation == "move" || operation == "copy" {
            from = item["from"]?.string.flatMap(JSONPointer.components)
            if from == nil { throw .invalid("\(pointer)/from", "must be a JSON pointer") }
        }
        let value = item["value"]
        if value == nil, ["add", "replace", "test"].contains(operation) {
            throw .invalid("\(pointer)/value", "is missing")
        }
        return Step(operation: operation, path: path, from: from, value: value)
    }

    /// The document with the patch applied; throws `catalog.patch` with the operation that does not fit.
    func applied(to document: JSONTree) throws(CatalogError) -> JSONTree {
        var document = document
        for (number, step) in steps.enumerated() {
            do throws(Misfit) {
                document = try Self.apply(step, to: document)
            } catch {
                throw CatalogError(
                    .catalogPatch,
                    "operation \(number) of the patch does not fit: \(error.reason)",
                    faults: [CatalogError.Fault(pointer: "/\(number)", message: error.reason)]
                )
            }
        }
        return document
    }

    // MARK: Private parts

    private struct Misfit: Error {
        let reason: String
    }

    private static func apply(_ step: Step, to document: JSONTree) throws(Misfit) -> JSONTree {
        let path = step.path[...]
        switch (step.operation, step.value, step.from) {
        case ("add", let value?, _): return try add(.text(value), at: path, to: document)
        case ("replace", let value?, _):
            _ = try self.value(at: path, of: document)
            return try set(.text(value), at: path, in: document)
        case ("test", let value?, _):
            guard try self.value(at: path, of: document).means(.text(value)) else {
                throw Misfit(reason: "the value is another one")
            }
            return document
        case ("copy", _, let from?):
            return try add(try self.value(at: from[...], of: document), at: path, to: document)
        case ("move", _, let from?):
            guard !(step.path.count > from.count && step.path.starts(with: from)) else {
                throw Misfit(reason: "a value cannot be moved into itself")
            }
            let value = try self.value(at: from[...], of: document)
            return try add(value, at: path, to: try remove(at: from[...], of: document))
        default: return try remove(at: path, of: document)
        }
    }

    private static func value(at path: ArraySlice<[UInt8]>, of tree: JSONTree) throws(Misfit) -> JSONTree {
        guard let token = path.first else { return tree }
        switch tree.opened {
        case .object(let members):
            // The last of duplicates counts, as everywhere.
            guard let member = members.last(where: { $0.name == token }) else { throw missing(token) }
            return try value(at: path.dropFirst(), of: member.value)
        case .array(let elements):
            return try value(at: path.dropFirst(), of: elements[try index(token, below: elements.count)])
        case .text: throw missing(token)
        }
    }

    /// What happens at the end of a path.
    private enum Edit {
        case set(JSONTree)
        case add(JSONTree)
        case remove
    }

    private static func set(
        _ value: JSONTree,
        at path: ArraySlice<[UInt8]>,
        in tree: JSONTree
    ) throws(Misfit) -> JSONTree {
        path.isEmpty ? value : try edit(tree, at: path, .set(value))
    }

    private static func add(
        _ value: JSONTree,
        at path: ArraySlice<[UInt8]>,
        to tree: JSONTree
    ) throws(Misfit) -> JSONTree {
        path.isEmpty ? value : try edit(tree, at: path, .add(value))
    }

    private static func remove(at path: ArraySlice<[UInt8]>, of tree: JSONTree) throws(Misfit) -> JSONTree {
        guard !path.isEmpty else { throw Misfit(reason: "the whole document cannot be removed") }
        return try edit(tree, at: path, .remove)
    }

    private static func edit(_ tree: JSONTree, at path: ArraySlice<[UInt8]>, _ edit: Edit) throws(Misfit) -> JSONTree {
        let (token, rest) = (path[path.startIndex], path.dropFirst())
        switch tree.opened {
        case .object(var members):
            let place = members.lastIndex { $0.name == token }
            if rest.isEmpty {
                switch (edit, place) {
                case (.set(let value), let place?), (.add(let value), let place?): members[place].value = value
                case (.add(let value), nil): members.append(JSONTree.Member(token, value))
                case (.remove, _?): members.removeAll { $0.name == token }
                case (.set, nil), (.remove, nil): throw missing(token)
                }
            } else {
                guard let place else { throw missing(token) }
                members[place].value = try self.edit(members[place].value, at: rest, edit)
            }
            return .object(members)
        case .array(var elements):
            if rest.isEmpty, case .add(let value) = edit {
                let isEnd = token == [UInt8(ascii: "-")]
                elements.insert(value, at: isEnd ? elements.count : try index(token, below: elements.count + 1))
                return .array(elements)
            }
            let place = try index(token, below: elements.count)
            switch (rest.isEmpty, edit) {
            case (true, .remove): elements.remove(at: place)
            case (true, .set(let value)), (true, .add(let value)): elements[place] = value
            case (false, _): elements[place] = try self.edit(elements[place], at: rest, edit)
            }
            return .array(elements)
        case .text: throw missing(token)
        }
    }

    private static func index(_ token: [UInt8], below count: Int) throws(Misfit) -> Int {
        guard let index = JSONPointer.arrayIndex(token), index < count else {
            throw Misfit(reason: "there is no element \"\(String(decoding: token, as: UTF8.self))\"")
        }
        return index
    }

    private static func missing(_ token: [UInt8]) -> Misfit {
        Misfit(reason: "there is nothing at \"\(String(decoding: token, as: UTF8.self))\"")
    }
}
