import Types

/// regexp_match and its kin, beside those of `PatternFunctions`.
enum RegexFunctions {
    static let all: [ScalarFunction] = matching + allMatches + splitting + counting + replacing

    private static let textArray = DataType.array(of: .text)

    private static func bytes(_ c: [Column], _ index: Int, _ row: Int) -> [UInt8] {
        c.count > index ? c[index].textBytes(row) : []
    }

    /// The expression of an argument with the flags of another (or none).
    private static func regex(
        _ memo: inout RegexMemo, _ c: [Column], _ pattern: Int, flags index: Int, _ row: Int
    ) throws(SQLError) -> (regex: RegularExpression, isGlobal: Bool) {
        let flags = bytes(c, index, row)
        return (
            try memo.compiled(c[pattern].textBytes(row), flags: flags), flags.contains(103)
        )
    }

    /// - Throws: 22023 for the option that only some functions have.
    private static func single(
        _ name: String, _ memo: inout RegexMemo, _ c: [Column], flags index: Int, _ row: Int
    ) throws(SQLError) -> RegularExpression {
        let (regex, isGlobal) = try regex(&memo, c, 1, flags: index, row)
        if isGlobal {
            throw SQLError(
                .invalidParameterValue, "\(name)() does not support the \"global\" option",
                hint: name == "regexp_match" ? "Use the regexp_matches function instead." : nil)
        }
        return regex
    }

    /// Every match from a place on: the whole and the groups.
    private static func matches(
        _ text: [UInt8], _ regex: RegularExpression, from start: Int = 0, limit: Int = Int.max
    ) throws(SQLError) -> [[Range<Int>?]] {
        var list: [[Range<Int>?]] = []
        var from = start
        while from <= text.count, list.count < limit {
            let found = try regex.find(text, from: from, groups: regex.groupCount + 1)
            guard let found, let whole = found[0] else { break }
            list.append(found)
            from = whole.isEmpty ? whole.upperBound + 1 : whole.upperBound
            while from < text.count, text[from] & 0xC0 == 0x80 { from += 1 }
        }
        return list
    }

    /// The groups of a match, or the whole where there are none.
    private static func groups(_ text: [UInt8], _ match: [Range<Int>?]) -> ArrayValue {
        let shown = match.count > 1 ? match.dropFirst() : match[...]
        return ArrayValue(shown.map { range in range.map { .text(Array(text[$0])) } ?? .null })
    }

    private static func function(
        _ name: String, _ counts: ClosedRange<Int>, _ types: [DataType], _ result: DataType,
        _ make: @escaping @Sendable (Evaluation, [Column]) -> Column
    ) -> [ScalarFunction] {
        counts.map {
            ScalarFunction(name, Array(types.prefix($0)), result, canFail: true, make)
        }
    }

    private static var matching: [ScalarFunction] {
        function("regexp_match", 2...3, [.text, .text, .text], textArray) { e, c in
            var memo = RegexMemo()
            return RowKernels.texts(e, c) { (row) throws(SQLError) in
                let regex = try single("regexp_match", &memo, c, flags: 2, row)
                let text = c[0].textBytes(row)
                return try matches(text, regex, limit: 1).first.map {
                    groups(text, $0).encoded(.text)
                }
            }
        }
            + function("regexp_like", 2...3, [.text, .text, .text], .boolean) { e, c in
                var memo = RegexMemo()
                return RowKernels.bools(e, c) { (row) throws(SQLError) in
                    let regex = try single("regexp_like", &memo, c, flags: 2, row)
                    return try !matches(c[0].textBytes(row), regex, limit: 1).isEmpty
                }
            }
    }

    /// The matches as texts, each of which is an array of its groups.
    private static var allMatches: [ScalarFunction] {
        function("regexp_matches@array", 2...3, [.text, .text, .text], textArray) { e, c in
            var memo = RegexMemo()
            return RowKernels.texts(e, c) { (row) throws(SQLError) in
                let (regex, isGlobal) = try regex(&memo, c, 1, flags: 2, row)
                let text = c[0].textBytes(row)
                let found = try matches(text, regex, limit: isGlobal ? Int.max : 1)
                return ArrayValue(found.map { .text(groups(text, $0).encoded(.text)) }).encoded(
                    .text)
            }
        }
    }

    private static var splitting: [ScalarFunction] {
        function("regexp_split_to_array", 2...3, [.text, .text, .text], textArray) { e, c in
            var memo = RegexMemo()
            return RowKernels.texts(e, c) { (row) throws(SQLError) in
                let regex = try single("regexp_split_to_array", &memo, c, flags: 2, row)
                let text = c[0].textBytes(row)
                var parts: [Value] = []
                var start = 0
                for match in try matches(text, regex) {
                    guard let whole = match[0] else { continue }
                    // An empty match at the beginning or behind the last separator splits nothing.
                    if whole.isEmpty, whole.lowerBound <= start || whole.lowerBound >= text.count {
                        continue
                    }
                    parts.append(.text(Array(text[start..<whole.lowerBound])))
                    start = whole.upperBound
                }
                parts.append(.text(Array(text[start...])))
                return ArrayValue(parts).encoded(.text)
            }
        }
    }

    /// The byte at which a character begins. - Throws: 22023 below 1.
    private static func place(_ text: [UInt8], _ c: [Column], _ index: Int, _ row: Int)
        throws(SQLError) -> Int
    {
        guard c.count > index else { return 0 }
        let wanted = c[index].int64s.cells[row]
        guard wanted >= 1 else {
            throw SQLError(
                .invalidParameterValue, "invalid value for parameter \"start\": \(wanted)")
        }
        var characters: Int64 = 0
        for (offset, byte) in text.enumerated() where byte & 0xC0 != 0x80 {
            characters += 1
            if characters == wanted { return offset }
        }
        return text.count
    }

    private static func positive(
        _ name: String, _ c: [Column], _ index: Int, _ row: Int, least: Int64
    )
        throws(SQLError) -> Int
    {
        guard c.count > index else { return Int(max(least, 1)) }
        let value = c[index].int64s.cells[row]
        guard value >= least else {
            throw SQLError(
                .invalidParameterValue, "invalid value for parameter \"\(name)\": \(value)")
        }
        return Int(value)
    }

    private static var counting: [ScalarFunction] {
        function("regexp_count", 2...4, [.text, .text, .int4, .text], .int4) { e, c in
            var memo = RegexMemo()
            return RowKernels.ints(e, c) { (row) throws(SQLError) in
                let text = c[0].textBytes(row)
                let from = try place(text, c, 2, row)
                let regex = try single("regexp_count", &memo, c, flags: 3, row)
                return Int64(try matches(text, regex, from: from).count)
            }
        }
            + function(
                "regexp_substr", 2...6, [.text, .text, .int4, .int4, .text, .int4], .text
            ) { e, c in
                var memo = RegexMemo()
                return RowKernels.texts(e, c) { (row) throws(SQLError) in
                    let text = c[0].textBytes(row)
                    let from = try place(text, c, 2, row)
                    let number = try positive("n", c, 3, row, least: 1)
                    let regex = try single("regexp_substr", &memo, c, flags: 4, row)
                    let group = c.count > 5 ? try positive("subexpr", c, 5, row, least: 0) : 0
                    let found = try matches(text, regex, from: from, limit: number)
                    guard found.count == number, group < found[number - 1].count,
                        let range = found[number - 1][group]
                    else { return nil }
                    return Array(text[range])
                }
            }
            + function(
                "regexp_instr", 2...7, [.text, .text, .int4, .int4, .int4, .text, .int4], .int4
            ) { e, c in
                var memo = RegexMemo()
                return RowKernels.ints(e, c) { (row) throws(SQLError) in
                    let text = c[0].textBytes(row)
                    let from = try place(text, c, 2, row)
                    let number = try positive("n", c, 3, row, least: 1)
                    let wantsEnd = c.count > 4 ? c[4].int64s.cells[row] : 0
                    guard wantsEnd == 0 || wantsEnd == 1 else {
                        throw SQLError(
                            .invalidParameterValue,
                            "invalid value for parameter \"endoption\": \(wantsEnd)")
                    }
                    let regex = try single("regexp_instr", &memo, c, flags: 5, row)
                    let group = c.count > 6 ? try positive("subexpr", c, 6, row, least: 0) : 0
                    let found = try matches(text, regex, from: from, limit: number)
                    guard found.count == number, group < found[number - 1].count,
                        let range = found[number - 1][group]
                    else { return 0 }
                    let at = wantsEnd == 1 ? range.upperBound : range.lowerBound
                    return Int64(TextEncoding.characterCount(Array(text[..<at]))) + 1
                }
            }
    }

    /// regexp_replace from a character on, and the N-th match alone (0: all).
    private static var replacing: [ScalarFunction] {
        function(
            "regexp_replace", 4...6, [.text, .text, .text, .int4, .int4, .text], .text
        ) { e, c in
            var memo = RegexMemo()
            return RowKernels.texts(e, c) { (row) throws(SQLError) in
                let text = c[0].textBytes(row)
                let from = try place(text, c, 3, row)
                let number = c.count > 4 ? try positive("n", c, 4, row, least: 0) : 1
                let (regex, isGlobal) = try regex(&memo, c, 1, flags: 5, row)
                let all = number == 0 || isGlobal && c.count < 5
                let replacement = c[2].textBytes(row)
                var result = Array(text[..<from])
                var at = from
                for (index, match) in try matches(
                    text, regex, from: from, limit: all ? Int.max : number
                ).enumerated() {
                    guard let whole = match[0], all || index + 1 == number else { continue }
                    result += text[at..<whole.lowerBound]
                    PatternFunctions.append(replacement, text, match, to: &result)
                    at = whole.upperBound
                }
                return result + text[at...]
            }
        }
    }
}
