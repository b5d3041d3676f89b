import LosslessJSON

/// What identifies the records of a kind, and why.
struct IdentityChoice: Sendable, Hashable {
    /// What the id is made of.
    enum Basis: Sendable, Hashable {
        case one(RecordSketch.Candidate)
        /// Unique in each folder only: the folder goes before it.
        case inFolder(RecordSketch.Candidate)
        /// Unique in each file only: the path goes before it.
        case inFile(RecordSketch.Candidate)
        /// Nothing identifies them but where they are.
        case place
    }

    let basis: Basis
    /// Why, for people.
    let reason: String

    /// Chooses for a kind: the first candidate that nearly all records have and of which none comes twice.
    init(_ sketch: RecordSketch, kind: String) {
        let usual = sketch.identities.filter { $0.candidate != .path && $0.present * 10 >= sketch.records * 9 }
        let hasUniquePath =
            sketch.longestPath <= RecordMapper.longestID
            && sketch.identities.contains { $0.candidate == .path && $0.isUnique(in: .tree) }
        // With the path or folder before it an id must not be too long to be a key.
        let strong = usual.filter {
            $0.isStrong(kind: kind) && $0.longest + sketch.longestPath < RecordMapper.longestID
        }
        if let best = usual.first(where: { $0.isUnique(in: .tree) && ($0.isStrong(kind: kind) || $0.isWorthy) }) {
            basis = .one(best.candidate)
            reason = best.text(of: sketch, scope: "")
        } else if let best = strong.first(where: { $0.isUnique(in: .folder) }) {
            basis = .inFolder(best.candidate)
            reason = best.text(of: sketch, scope: " within each folder")
        } else if let best = strong.first(where: { $0.isUnique(in: .file) }), hasUniquePath, best.candidate != .stem {
            basis = .inFile(best.candidate)
            reason = best.text(of: sketch, scope: " within each file")
        } else if hasUniquePath, usual.contains(where: { $0.candidate == .stem }) {
            basis = .one(.path)
            reason = "the path of the file: the name alone comes more than once"
        } else {
            basis = .place
            reason = Self.refusals(sketch)
        }
    }

    /// Whether the records of a backup are found by the same id: nearly all have it, and none twice in one folder.
    func fits(_ sketch: RecordSketch) -> Bool {
        guard case .one(let candidate) = basis, candidate != .path,
            let identity = sketch.identities.first(where: { $0.candidate == candidate })
        else { return false }
        return identity.present * 10 >= sketch.records * 9
            && (identity.isUnique(in: .tree) || identity.isUnique(in: .folder))
    }

    /// Why none of the candidates will do.
    private static func refusals(_ sketch: RecordSketch) -> String {
        let reasons = sketch.identities.compactMap { identity -> String? in
            guard identity.candidate != .path, identity.candidate != .stem else { return nil }
            if let repeated = identity.scopes[.tree]?.repeated {
                return "\(identity.candidate) repeats (\(RecordFindings.quote(repeated)))"
            }
            return "\(identity.candidate) is in \(identity.present) of \(sketch.records) only"
        }
        let base = "where the record is; nothing in it identifies it"
        return reasons.isEmpty ? base : base + ": " + reasons.joined(separator: ", ")
    }

    /// The sources of the mapping, in order.
    var sources: [MappingText] {
        switch basis {
        case .one(let candidate): [.plain(candidate.source)] + (candidate.isAlwaysThere ? [] : [.plain("$place")])
        case .inFolder(let candidate): [.join(["$folder", "/", candidate.source]), .plain("$place")]
        case .inFile(let candidate): [.join(["$path", "#", candidate.source]), .plain("$place")]
        case .place: [.plain("$place")]
        }
    }

    /// A source of the mapping.
    enum MappingText: Sendable, Hashable {
        case plain(String)
        case join([String])
    }
}

extension RecordSketch.Identity {
    func isUnique(in scope: RecordSketch.Scope) -> Bool { scopes[scope]?.isUnique ?? false }

    /// Whether it may identify within a folder or a file too.
    fileprivate func isStrong(kind: String) -> Bool {
        switch candidate {
        case .member(let name): IDNames.isStrong(name, kind: kind)
        case .key, .stem: true
        case .path: false
        }
    }

    /// Whether what is no id by its name may be one because it never repeats: not on the word of one record.
    fileprivate var isWorthy: Bool { present > 1 }

    fileprivate func text(of sketch: RecordSketch, scope: String) -> String {
        let share =
            if sketch.records == 1 {
                "in the only record"
            } else if present == sketch.records {
                "in all \(present) records"
            } else {
                "in \(present) of \(sketch.records) records"
            }
        let basis = scopes[.tree]?.isExact == false ? " (judged by a sample of them)" : ""
        let shown = example.map { " such as \(RecordFindings.quote($0))" } ?? ""
        switch candidate {
        case .member: return "\(candidate),\(shown), \(share) and never twice\(scope)\(basis)"
        case .key: return "the name under which the record stands,\(shown), never twice\(scope)\(basis)"
        case .stem: return "the file's name,\(shown), never twice\(scope)\(basis)"
        case .path: return "the path of the file"
        }
    }
}

extension RecordSketch.Candidate: CustomStringConvertible {
    /// The source of the mapping.
    var source: String {
        switch self {
        case .member(let name): "/" + JSONPointer.escaped(name)
        case .key: "$key"
        case .stem: "$stem"
        case .path: "$path"
        }
    }

    /// Whether every record has it.
    var isAlwaysThere: Bool {
        switch self {
        case .member, .key: false
        case .stem, .path: true
        }
    }

    var description: String { source }
}
