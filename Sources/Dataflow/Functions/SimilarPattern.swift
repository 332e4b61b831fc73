import Types

/// SQL's own regular expressions (SIMILAR TO, SUBSTRING … SIMILAR) as PostgreSQL's.
enum SimilarPattern {
    static let all: [ScalarFunction] = [
        ScalarFunction("similar_to_escape", [.text], .text, canFail: true) { e, c in
            RowKernels.texts(e, c) { (row) throws(SQLError) in
                try regex(c[0].textBytes(row), escape: [92])
            }
        },
        ScalarFunction("similar_to_escape", [.text, .text], .text, canFail: true) { e, c in
            RowKernels.texts(e, c) { (row) throws(SQLError) in
                try regex(c[0].textBytes(row), escape: c[1].textBytes(row))
            }
        },
        ScalarFunction(
            "similar_escape", [.text, .text], .text, strict: false, canFail: true
        ) { e, c in
            RowKernels.texts(e, c, strict: false) { (row) throws(SQLError) in
                if c[0].isNull(row) { return nil }
                return try regex(
                    c[0].textBytes(row), escape: c[1].isNull(row) ? [92] : c[1].textBytes(row))
            }
        },
        ScalarFunction("substring", [.text, .text, .text], .text, canFail: true) { e, c in
            var memo = RegexMemo()
            return RowKernels.texts(e, c) { (row) throws(SQLError) in
                let text = c[0].textBytes(row)
                let pattern = try regex(
                    c[1].textBytes(row), escape: c[2].textBytes(row), isLazy: true)
                let compiled = try memo.compiled(pattern, ownRepeats: true)
                let groups = compiled.groupCount > 0 ? 2 : 1
                guard let found = try compiled.find(text, groups: groups),
                    let range = found[groups - 1]
                else { return nil }
                return Array(text[range])
            }
        },
    ]

    /// The whole text has to match: % is any text, _ any character; escape-double-quote parts the
    /// pattern in three, of which the second is what SUBSTRING gives. An escape before anything else
    /// is a backslash, so that \d is a digit. `isLazy`: the first of three parts takes as little as
    /// it can, which PostgreSQL's expressions do as a whole and others quantifier by quantifier.
    /// - Throws: 22025 for an escape of several characters, 2200C for a third separator.
    static func regex(_ pattern: [UInt8], escape: [UInt8], isLazy: Bool = false)
        throws(SQLError) -> [UInt8]
    {
        guard TextEncoding.characterCount(escape) <= 1 else {
            throw SQLError(
                .invalidEscapeSequence, "invalid escape string",
                hint: "Escape string must be empty or one character.")
        }
        var result: [UInt8] = []
        var head = Array("^(?:".utf8)
        var (index, separators) = (0, 0)
        var (inBracket, isEscaped) = (false, false)
        while index < pattern.count {
            let byte = pattern[index]
            if isEscaped {
                isEscaped = false
                if byte == 34, !inBracket {
                    separators += 1
                    if separators == 1 {
                        head += (isLazy ? lazy(result) : result) + Array("){1,1}?(".utf8)
                        result = []
                    } else {
                        try end(separators, &result)
                    }
                } else {
                    result += [92, byte]
                }
                index += 1
            } else if !escape.isEmpty, pattern[index...].starts(with: escape) {
                isEscaped = true
                index += escape.count
            } else {
                append(byte, &inBracket, to: &result)
                index += 1
            }
        }
        return head + result + [41, 36]
    }

    private static func end(_ separators: Int, _ result: inout [UInt8]) throws(SQLError) {
        guard separators == 2 else {
            throw SQLError(
                .invalidUseOfEscapeCharacter,
                "SQL regular expression may not contain more than two escape-double-quote separators"
            )
        }
        result += Array("){1,1}(?:".utf8)
    }

    private static func append(_ byte: UInt8, _ inBracket: inout Bool, to result: inout [UInt8]) {
        if inBracket {
            if byte == 92 { result.append(92) }
            result.append(byte)
            if byte == 93 { inBracket = false }
            return
        }
        switch byte {
        case 91:
            inBracket = true
            result.append(byte)
        case 37: result += [46, 42]
        case 95: result.append(46)
        case 40: result += [40, 63, 58]
        case 92, 46, 94, 36: result += [92, byte]
        default: result.append(byte)
        }
    }

    /// With quantifiers that take as little as they can.
    private static func lazy(_ pattern: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var (index, inBracket) = (0, false)
        while index < pattern.count {
            let byte = pattern[index]
            result.append(byte)
            index += 1
            if byte == 92, index < pattern.count {
                result.append(pattern[index])
                index += 1
            } else if byte == 91 || byte == 93 {
                inBracket = byte == 91
            } else if !inBracket, byte == 40, pattern[index...].starts(with: [63, 58]) {
                result += [63, 58]
                index += 2
            } else if !inBracket, [42, 43, 63, 125].contains(byte) {
                result.append(63)
            }
        }
        return result
    }
}
