import Types

/// PostgreSQL's regular expressions (AREs) in the words of the libraries that run them.
struct RegexSyntax {
    /// The letters of a flags argument, or of `(?…)` at the beginning of a pattern.
    struct Options: Hashable {
        var ignoresCase = false
        /// A dot, and a bracket that begins with ^, match a line feed.
        var dotMatchesNewline = true
        /// ^ and $ match at every line.
        var matchesLines = false
        var isExtended = false
        /// Nothing in the pattern means anything but itself.
        var isLiteral = false
        /// Each repeat is greedy or not by itself, whatever the first one is.
        var hasOwnRepeats = false

        /// - Throws: 22023 for a letter that PostgreSQL does not have.
        mutating func apply(_ flags: some StringProtocol) throws(SQLError) {
            for flag in flags {
                switch flag {
                case "i": ignoresCase = true
                case "c": ignoresCase = false
                case "s": (dotMatchesNewline, matchesLines) = (true, false)
                case "n", "m": (dotMatchesNewline, matchesLines) = (false, true)
                case "p": (dotMatchesNewline, matchesLines) = (false, false)
                case "w": (dotMatchesNewline, matchesLines) = (true, true)
                case "x": isExtended = true
                case "t": isExtended = false
                case "q": isLiteral = true
                case "b", "e": break
                default:
                    throw SQLError(
                        .invalidParameterValue, "invalid regular expression option: \"\(flag)\"")
                }
            }
        }
    }

    private(set) var options: Options
    /// The pattern, translated.
    private(set) var text = ""
    /// Whether it takes a backtracking matcher: lookaround, back references, word ends, or non-greedy
    /// repeats, whose matches are not the longest.
    private(set) var backtracks = false
    /// Which match is taken of those that begin at a place, if it takes a backtracking matcher.
    private(set) var preference = Preference.first
    private var rest: Substring
    private var inBracket = false
    /// With back references the shortest match cannot be found in general: all repeats are made non-greedy.
    private var isAllShortest = false

    enum Preference {
        /// Each repeat and each branch tries what it prefers.
        case first
        case longest, shortest
    }

    init(_ pattern: String, _ options: Options) throws(SQLError) {
        self.options = options
        rest = Substring(pattern)
        if rest.hasPrefix("***=") {
            rest = rest.dropFirst(4)
            self.options.isLiteral = true
        } else if rest.hasPrefix("***:") {
            rest = rest.dropFirst(4)
        }
        if self.options.isLiteral {
            text = rest.map { $0.isLetter || $0.isNumber ? "\($0)" : "\\\($0)" }.joined()
            return
        }
        try takeEmbeddedOptions()
        let whole = RegexPreference(rest, isExtended: self.options.isExtended)
        if !self.options.hasOwnRepeats {
            isAllShortest = whole.hasBackReference && whole.isShortest == true
            if !whole.hasBackReference {
                preference = whole.isShortest == true ? .shortest : .longest
            }
        }
        // RE2 has no such mode.
        if self.options.isExtended || self.options.hasOwnRepeats { backtracks = true }
        while let character = rest.popFirst() { try take(character) }
    }

    /// `(?letters)` before everything else.
    private mutating func takeEmbeddedOptions() throws(SQLError) {
        guard rest.hasPrefix("(?"), let end = rest.firstIndex(of: ")") else { return }
        let letters = rest[rest.index(rest.startIndex, offsetBy: 2)..<end]
        guard !letters.isEmpty, letters.allSatisfy(\.isLetter) else { return }
        guard letters.allSatisfy({ "bceimnpqstwx".contains($0) }) else {
            throw SQLError(
                .invalidRegularExpression,
                "invalid regular expression: invalid embedded option")
        }
        try options.apply(letters)
        rest = rest[rest.index(after: end)...]
    }

    private mutating func take(_ character: Character) throws(SQLError) {
        if character == "\\" { return try takeEscape() }
        if inBracket {
            if character == "[", let next = rest.first, ":.=".contains(next) {
                return takeClass(next)
            }
            if character == "]" { inBracket = false }
            return text.append(character)
        }
        switch character {
        case "[": takeBracket()
        case "(":
            text.append(character)
            if rest.hasPrefix("?=") || rest.hasPrefix("?!") || rest.hasPrefix("?<") {
                backtracks = true
            }
            if rest.first == "?" { text.append(rest.removeFirst()) }
        case "*", "+", "?", "}": takeRepeat(character)
        default: text.append(character)
        }
    }

    private mutating func takeRepeat(_ character: Character) {
        text.append(character)
        let isLazy = rest.first == "?"
        if isLazy { backtracks = true }
        if isLazy || isAllShortest { text.append("?") }
        if isLazy { rest.removeFirst() }
    }

    private mutating func takeBracket() {
        // Word boundaries look like brackets.
        for (name, boundary) in [("[:<:]]", "\\b(?=\\w)"), ("[:>:]]", "\\b(?<=\\w)")]
        where rest.hasPrefix(name) {
            rest = rest.dropFirst(name.count)
            text += boundary
            backtracks = true
            return
        }
        inBracket = true
        text.append("[")
        if rest.first == "^" {
            text.append("^")
            rest.removeFirst()
            if !options.dotMatchesNewline { text += "\\n" }
        }
        // A bracket that comes first stands for itself.
        if rest.first == "]" {
            text += "\\]"
            rest.removeFirst()
        }
    }

    /// `[:name:]` inside a bracket, as it is.
    private mutating func takeClass(_ mark: Character) {
        text.append("[")
        text.append(rest.removeFirst())
        while let next = rest.popFirst() {
            text.append(next)
            if next == mark, rest.first == "]" {
                text.append(rest.removeFirst())
                return
            }
        }
    }

    /// Letters that mean nothing behind a backslash.
    private static let meaningless: Set<Character> = Set(
        "ghijklopqzCEFGHIJKLNOPQRTVX".map { $0 })

    /// \u0041, \U00000041
    private mutating func takeCodePoint(_ count: Int) throws(SQLError) {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(\.isHexDigit) else {
            throw SQLError(
                .invalidRegularExpression,
                "invalid regular expression: invalid escape \\ sequence")
        }
        rest = rest.dropFirst(count)
        text += "\\x{\(digits)}"
    }

    private mutating func takeEscape() throws(SQLError) {
        guard let escaped = rest.popFirst() else { return text.append("\\") }
        guard !RegexSyntax.meaningless.contains(escaped) else {
            throw SQLError(
                .invalidRegularExpression,
                "invalid regular expression: invalid escape \\ sequence")
        }
        if escaped == "b" { return text += "\\x08" }
        if escaped == "B" { return text += "\\\\" }
        if escaped == "u" || escaped == "U" { return try takeCodePoint(escaped == "u" ? 4 : 8) }
        if inBracket { return text += "\\\(escaped)" }
        switch escaped {
        case "y": text += "\\b"
        case "Y": text += "\\B"
        case "Z": text += "\\z"
        case "m":
            text += "\\b(?=\\w)"
            backtracks = true
        case "M":
            text += "\\b(?<=\\w)"
            backtracks = true
        case "1"..."9":
            text += "\\\(escaped)"
            backtracks = true
        default: text += "\\\(escaped)"
        }
    }
}
