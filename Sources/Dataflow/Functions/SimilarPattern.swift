import Types

/// SQL's own regular expressions (SIMILAR TO, SUBSTRING … SIMILAR) as PostgreSQL's.
enum SimilarPattern {
    static let all: [ScalarFunction] = [
        translate([.text]), translate([.text, .text]),
        ScalarFunction("substring", [.text, .text, .text], .text, canFail: true) { e, c in
            var memo = RegexMemo()
            return RowKernels.texts(e, c) { (row) throws(SQLError) in
                let text = c[0].textBytes(row)
                let pattern = try regex(c[1].textBytes(row), escape: c[2].textBytes(row))
                let compiled = try memo.compiled(pattern)
                let groups = compiled.groupCount > 0 ? 2 : 1
                guard let found = try compiled.find(text, groups: groups),
                    let range = found[groups - 1]
                else { return nil }
                return Array(text[range])
            }
        },
    ]

    private static func translate(_ arguments: [DataType]) -> ScalarFunction {
        ScalarFunction("similar_to_escape", arguments, .text, canFail: true) { e, c in
            RowKernels.texts(e, c) { (row) throws(SQLError) in
                try regex(
                    c[0].textBytes(row), escape: c.count > 1 ? c[1].textBytes(row) : [92])
            }
        }
    }

    /// The whole text has to match: % is any text, _ any character; escape-double-quote parts the
    /// pattern in three, of which the second is what SUBSTRING gives.
    /// - Throws: 22025 for an escape of several characters, 2200C for a third separator.
    static func regex(_ pattern: [UInt8], escape: [UInt8]) throws(SQLError) -> [UInt8] {
        let characters = Array(String(decoding: pattern, as: UTF8.self))
        let escapes = Array(String(decoding: escape, as: UTF8.self))
        guard escapes.count <= 1 else {
            throw SQLError(
                .invalidEscapeSequence, "invalid escape string",
                hint: "Escape string must be empty or one character.")
        }
        var result = "^(?:"
        var (index, separators, inBracket) = (0, 0, false)
        while index < characters.count {
            let character = characters[index]
            index += 1
            if let mark = escapes.first, character == mark, index < characters.count {
                let next = characters[index]
                index += 1
                if next == "\"", !inBracket {
                    separators += 1
                    guard separators <= 2 else {
                        throw SQLError(
                            .invalidUseOfEscapeCharacter,
                            "SQL regular expression may not contain more than two escape-double-quote separators"
                        )
                    }
                    // The first part matches as little as it can, the second takes what it can.
                    result =
                        separators == 1 ? "^(?:" + lazy(result) + "){1,1}?(" : result + "){1,1}(?:"
                    continue
                }
                result += next.isLetter || next.isNumber ? "\(next)" : "\\\(next)"
                continue
            }
            if inBracket {
                if character == "\\" { result += "\\" }
                result.append(character)
                if character == "]" { inBracket = false }
                continue
            }
            switch character {
            case "[":
                inBracket = true
                result.append(character)
            case "%": result += ".*"
            case "_": result += "."
            case "(": result += "(?:"
            case "\\", ".", "^", "$": result += "\\\(character)"
            default: result.append(character)
            }
        }
        return Array((result + ")$").utf8)
    }

    /// The pattern before the first separator, without its head.
    private static func lazy(_ head: String) -> String { String(head.dropFirst(4)) }
}
