import Types

/// LIKE and regular expressions.
enum PatternFunctions {
    static let all: [ScalarFunction] = likes + matches + regexFunctions

    private static var likes: [ScalarFunction] {
        [("~~", false, false), ("!~~", true, false), ("~~*", false, true), ("!~~*", true, true)].map
        {
            (symbol, negated, folded) in
            ScalarFunction(symbol, [.text, .text], .boolean, canFail: true) { e, c in
                let (texts, patterns) = (c[0].view, c[1].view)
                return RowKernels.bools(e, c) { (row) throws(SQLError) in
                    let text = unsafe Array(texts.text(row))
                    let pattern = unsafe Array(patterns.text(row))
                    let found =
                        folded
                        ? try like(TextFunctions.lowered(text), TextFunctions.lowered(pattern))
                        : try like(text, pattern)
                    return found != negated
                }
            }
        }
            + [("~~", false), ("!~~", true)].map { (symbol, negated) in
                ScalarFunction(symbol, [.bytea, .bytea], .boolean, canFail: true) { e, c in
                    let (bytes, patterns) = (c[0].view, c[1].view)
                    return RowKernels.bools(e, c) { (row) throws(SQLError) in
                        let found = unsafe try like(
                            Array(bytes.text(row)), Array(patterns.text(row)), characters: false)
                        return found != negated
                    }
                }
            }
            + [DataType.text, .bytea].map { type in
                ScalarFunction("like_escape", [type, type], type, canFail: true) { e, c in
                    RowKernels.texts(e, c) { (row) throws(SQLError) in
                        try withEscape(c[0].textBytes(row), c[1].textBytes(row))
                    }
                }
            }
    }

    /// Rewrites a pattern with another escape character to one with a backslash.
    private static func withEscape(_ pattern: [UInt8], _ escape: [UInt8]) throws(SQLError)
        -> [UInt8]
    {
        guard escape.filter({ $0 & 0xC0 != 0x80 }).count <= 1 else {
            throw SQLError(
                .invalidEscapeSequence, "invalid escape string",
                hint: "Escape string must be empty or one character.")
        }
        if escape == [92] { return pattern }
        var result: [UInt8] = []
        var index = 0
        while index < pattern.count {
            if !escape.isEmpty, pattern[index...].starts(with: escape) {
                result.append(92)
                index += escape.count
                if index < pattern.count {
                    result.append(pattern[index])
                    index += 1
                }
                continue
            }
            if pattern[index] == 92 { result.append(92) }
            result.append(pattern[index])
            index += 1
        }
        return result
    }

    /// SQL LIKE with `%`, `_` (one character, or one byte) and backslash, by backtracking to the last `%`.
    static func like(_ text: [UInt8], _ pattern: [UInt8], characters: Bool = true) throws(SQLError)
        -> Bool
    {
        var (t, p) = (0, 0)
        var resume: (text: Int, pattern: Int)?
        while true {
            if p < pattern.count, pattern[p] == 37 {
                p += 1
                resume = (t, p)
                continue
            }
            if t == text.count { return pattern[p...].allSatisfy { $0 == 37 } }
            if p < pattern.count {
                if pattern[p] == 95 {
                    t += characters ? characterLength(text, t) : 1
                    p += 1
                    continue
                }
                var literal = p
                if pattern[p] == 92 {
                    literal = p + 1
                    guard literal < pattern.count else {
                        throw SQLError(
                            .invalidEscapeSequence,
                            "LIKE pattern must not end with escape character")
                    }
                }
                if pattern[literal] == text[t] {
                    t += 1
                    p = literal + 1
                    continue
                }
            }
            guard let (from, after) = resume else { return false }
            let next = from + (characters ? characterLength(text, from) : 1)
            resume = (next, after)
            (t, p) = (next, after)
        }
    }

    private static func characterLength(_ text: [UInt8], _ at: Int) -> Int {
        var length = 1
        while at + length < text.count, text[at + length] & 0xC0 == 0x80 { length += 1 }
        return length
    }

    private static var matches: [ScalarFunction] {
        [("~", false, false), ("!~", true, false), ("~*", false, true), ("!~*", true, true)].map {
            (symbol, negated, folded) in
            ScalarFunction(symbol, [.text, .text], .boolean, canFail: true) { e, c in
                let texts = c[0].view
                var memo = RegexMemo()
                return RowKernels.bools(e, c) { (row) throws(SQLError) in
                    let regex = try memo.compiled(c[1].textBytes(row), ignoringCase: folded)
                    return unsafe (try regex.find(texts.text(row), groups: 0) != nil) != negated
                }
            }
        }
    }

    private static var regexFunctions: [ScalarFunction] {
        [
            ScalarFunction("substring", [.text, .text], .text, canFail: true) { e, c in
                var memo = RegexMemo()
                let patterns = TextRows(c[1])
                let result = RowKernels.pieces(e, c) { (row, text) throws(SQLError) in
                    let regex = try memo.compiled(patterns[row])
                    return try regex.piece(text, group: regex.groupCount > 0 ? 1 : 0)
                }
                return withExtendedLifetime(c) { result }
            },
            replace([.text, .text, .text]), replace([.text, .text, .text, .text]),
        ]
    }

    private static func replace(_ arguments: [DataType]) -> ScalarFunction {
        ScalarFunction("regexp_replace", arguments, .text, canFail: true) { e, c in
            var memo = RegexMemo()
            return RowKernels.texts(e, c) { (row) throws(SQLError) in
                let flags = c.count > 3 ? c[3].textBytes(row) : []
                let regex = try memo.compiled(c[1].textBytes(row), flags: flags)
                return try replaced(
                    c[0].textBytes(row), regex, c[2].textBytes(row), all: flags.contains(103))
            }
        }
    }

    /// Appends a replacement in which \\1 to \\9 and \\& stand for parts of the match and \\\\ for
    /// one backslash; before anything else a backslash is itself.
    static func append(
        _ replacement: [UInt8], _ text: [UInt8], _ match: [Range<Int>?], to result: inout [UInt8]
    ) {
        var index = 0
        while index < replacement.count {
            let byte = replacement[index]
            index += 1
            guard byte == 92, index < replacement.count else {
                result.append(byte)
                continue
            }
            let next = replacement[index]
            index += 1
            switch next {
            case 49...57:
                let group = Int(next - 48)
                if group < match.count, let range = match[group] { result += text[range] }
            case 38: if let whole = match[0] { result += text[whole] }
            case 92: result.append(next)
            default: result += [byte, next]
            }
        }
    }

    private static func replaced(
        _ text: [UInt8], _ regex: RegularExpression, _ replacement: [UInt8], all: Bool
    ) throws(SQLError) -> [UInt8] {
        var result: [UInt8] = []
        var from = 0
        while from <= text.count {
            let found = try regex.find(text, from: from, groups: 10)
            guard let found, let whole = found[0] else { break }
            result += text[from..<whole.lowerBound]
            append(replacement, text, found, to: &result)
            if whole.isEmpty {
                // Past one character, which is copied.
                from = whole.lowerBound + 1
                while from < text.count, text[from] & 0xC0 == 0x80 { from += 1 }
                result += text[whole.lowerBound..<max(whole.lowerBound, min(from, text.count))]
            } else {
                from = whole.upperBound
            }
            if !all { break }
        }
        if from < text.count { result += text[from...] }
        return result
    }
}
