/// Whether a regular expression takes the longest of the matches that begin at a place, or the shortest.
///
/// The rules are those of PostgreSQL's documentation, 9.7.3.5: a repeat decides for itself, a fixed number of
/// repeats as what it repeats; of a branch its first part that decides; several branches are always the longest.
struct RegexPreference {
    /// nil: no part decides, so that all matches have one length.
    private(set) var isShortest: Bool?
    private(set) var hasBackReference = false
    private var rest: Substring
    private let isExtended: Bool
    private var depth = 0

    /// As deep as PCRE2 takes groups within groups; in a deeper pattern, which is RE2's, nothing has to decide.
    private static let deepest = 250

    /// - Parameter pattern: without its director and embedded options.
    init(_ pattern: Substring, isExtended: Bool) {
        rest = pattern
        self.isExtended = isExtended
        isShortest = branches()
        // A closing parenthesis of nothing: the pattern is refused when it is compiled.
    }

    private mutating func branches() -> Bool? {
        let first = branch()
        guard rest.first == "|" else { return first }
        while rest.popFirst(if: "|") { _ = branch() }
        return false
    }

    private mutating func branch() -> Bool? {
        var decided: Bool?
        while let next = rest.first, next != "|", next != ")" {
            let part = quantified()
            decided = decided ?? part
        }
        return decided
    }

    private mutating func quantified() -> Bool? {
        let own = atom()
        switch rest.first {
        case "*", "+", "?":
            rest.removeFirst()
            return rest.popFirst(if: "?")
        case "{":
            guard let close = rest.firstIndex(of: "}"),
                rest[rest.index(after: rest.startIndex)].isNumber
            else { return own }
            let isFixed = !rest[..<close].contains(",")
            rest = rest[rest.index(after: close)...]
            let isLazy = rest.popFirst(if: "?")
            return isFixed ? own : isLazy
        default: return own
        }
    }

    /// - Returns: what a group decides.
    private mutating func atom() -> Bool? {
        switch rest.removeFirst() {
        case "\\":
            if let escaped = rest.popFirst(), ("1"..."9").contains(escaped) {
                hasBackReference = true
            }
        case "[": bracket()
        case "#" where isExtended: rest = rest.drop { $0 != "\n" }
        case "(":
            let isLookaround = ["?=", "?!", "?<"].contains { rest.hasPrefix($0) }
            if rest.hasPrefix("?:") { rest = rest.dropFirst(2) }
            if isLookaround { rest = rest.dropFirst(2) }
            guard depth < RegexPreference.deepest else {
                rest = ""
                return nil
            }
            depth += 1
            defer { depth -= 1 }
            let decided = branches()
            _ = rest.popFirst(if: ")")
            return isLookaround ? nil : decided
        default: break
        }
        return nil
    }

    private mutating func bracket() {
        _ = rest.popFirst(if: "^")
        _ = rest.popFirst(if: "]")
        while let next = rest.popFirst(), next != "]" {
            if next == "\\" {
                _ = rest.popFirst()
            } else if next == "[", let mark = rest.first, ":.=".contains(mark) {
                // [:alpha:]
                rest.removeFirst()
                while let inner = rest.popFirst(), !(inner == mark && rest.first == "]") {}
                _ = rest.popFirst()
            }
        }
    }
}

extension Substring {
    /// Takes the first character if it is this one.
    fileprivate mutating func popFirst(if expected: Character) -> Bool {
        guard first == expected else { return false }
        removeFirst()
        return true
    }
}
