import Types

/// String functions; collation "C", encoding UTF-8, positions in characters.
enum TextFunctions {
    static let all: [ScalarFunction] = measures + cases + parts + padding + joining

    static func lowered(_ text: [UInt8]) -> [UInt8] {
        text.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }
    }

    private static func raised(_ text: [UInt8]) -> [UInt8] {
        text.map { $0 >= 97 && $0 <= 122 ? $0 - 32 : $0 }
    }

    private static func characterCount(_ text: [UInt8]) -> Int {
        text.reduce(0) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) }
    }

    /// The text's characters, as byte slices.
    private static func characters(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
        var result: [ArraySlice<UInt8>] = []
        var start = 0
        for index in text.indices.dropFirst() where text[index] & 0xC0 != 0x80 {
            result.append(text[start..<index])
            start = index
        }
        if start < text.count { result.append(text[start...]) }
        return result
    }

    private static func text(
        _ name: String, _ arguments: [DataType], canFail: Bool = false,
        _ f: @escaping @Sendable ([Column], Int) throws(SQLError) -> [UInt8]?
    ) -> ScalarFunction {
        ScalarFunction(name, arguments, .text, canFail: canFail) { e, c in
            RowKernels.texts(e, c) { (row) throws(SQLError) in try f(c, row) }
        }
    }

    private static func int(
        _ name: String, _ arguments: [DataType], _ f: @escaping @Sendable ([Column], Int) -> Int
    ) -> ScalarFunction {
        ScalarFunction(name, arguments, .int4) { e, c in RowKernels.ints(e, c) { Int64(f(c, $0)) } }
    }

    private static var measures: [ScalarFunction] {
        let length: @Sendable ([Column], Int) -> Int = { c, row in
            characterCount(c[0].textBytes(row))
        }
        return [
            int("length", [.text], length), int("char_length", [.text], length),
            int("character_length", [.text], length),
            int("octet_length", [.text]) { c, row in c[0].textBytes(row).count },
            int("bit_length", [.text]) { c, row in c[0].textBytes(row).count * 8 },
            int("strpos", [.text, .text]) { c, row in
                position(c[1].textBytes(row), in: c[0].textBytes(row))
            },
            int("position", [.text, .text]) { c, row in
                position(c[1].textBytes(row), in: c[0].textBytes(row))
            },
            ScalarFunction("ascii", [.text], .int4) { e, c in
                RowKernels.ints(e, c) { row in
                    Int64(
                        String(decoding: c[0].textBytes(row), as: UTF8.self).unicodeScalars.first?
                            .value ?? 0)
                }
            },
            text("chr", [.int4], canFail: true) { (c, row) throws(SQLError) in
                guard let code = UInt32(exactly: c[0].int64s.cells[row]), code != 0,
                    let scalar = Unicode.Scalar(code)
                else {
                    throw SQLError(
                        .programLimitExceeded, "requested character is not valid for encoding")
                }
                return Array(String(Character(scalar)).utf8)
            },
        ]
            + ["starts_with", "^@"].map { name in
                ScalarFunction(name, [.text, .text], .boolean) { e, c in
                    RowKernels.bools(e, c) { c[0].textBytes($0).starts(with: c[1].textBytes($0)) }
                }
            }
    }

    /// 1-based character position; 0 when absent.
    private static func position(_ needle: [UInt8], in text: [UInt8]) -> Int {
        guard let at = find(needle, in: text[...]) else { return 0 }
        return characterCount(Array(text[..<at])) + 1
    }

    private static func find(_ needle: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        if needle.isEmpty { return text.startIndex }
        guard text.count >= needle.count else { return nil }
        for start in text.startIndex...(text.endIndex - needle.count)
        where text[start] == needle[0] && text[start...].starts(with: needle) { return start }
        return nil
    }

    private static var cases: [ScalarFunction] {
        [
            text("lower", [.text]) { c, row in lowered(c[0].textBytes(row)) },
            text("upper", [.text]) { c, row in raised(c[0].textBytes(row)) },
            text("initcap", [.text]) { c, row in
                var inWord = false
                return c[0].textBytes(row).map { byte in
                    let isAlphanumeric =
                        (byte >= 48 && byte <= 57) || (byte | 32 >= 97 && byte | 32 <= 122)
                    defer { inWord = isAlphanumeric }
                    return inWord ? lowered([byte])[0] : raised([byte])[0]
                }
            },
            text("reverse", [.text]) { c, row in
                characters(c[0].textBytes(row)).reversed().flatMap { $0 }
            },
            overlay([.text, .text, .int4]), overlay([.text, .text, .int4, .int4]),
        ]
    }

    /// The text with a piece of it (from a character on; as long as what comes, or so long) replaced.
    private static func overlay(_ arguments: [DataType]) -> ScalarFunction {
        text("overlay", arguments, canFail: true) { (c, row) throws(SQLError) in
            let (value, piece) = (c[0].textBytes(row), c[1].textBytes(row))
            let from = c[2].int64s.cells[row]
            let count = c.count > 3 ? c[3].int64s.cells[row] : Int64(characterCount(piece))
            guard from >= 1 else {
                throw SQLError(.substringError, "negative substring length not allowed")
            }
            return try substring(value, from: 1, count: from - 1) + piece
                + (try substring(value, from: from + count, count: nil))
        }
    }

    private static func substring(_ text: [UInt8], from: Int64, count: Int64?) throws(SQLError)
        -> [UInt8]
    {
        var (end, overflow) = (Int64.max, false)
        if let count {
            if count < 0 {
                throw SQLError(.substringError, "negative substring length not allowed")
            }
            (end, overflow) = from.addingReportingOverflow(count)
            if overflow { end = Int64.max }
        }
        let list = characters(text)
        let first = Int(max(from, 1)) - 1
        let last = min(Int(max(min(end - 1, Int64(list.count)), 0)), list.count)
        return first < last ? list[first..<last].flatMap { $0 } : []
    }

    private static var parts: [ScalarFunction] {
        var list: [ScalarFunction] = []
        for name in ["substring", "substr"] {
            list.append(
                text(name, [.text, .int4], canFail: true) { (c, row) throws(SQLError) in
                    try substring(c[0].textBytes(row), from: c[1].int64s.cells[row], count: nil)
                })
            list.append(
                text(name, [.text, .int4, .int4], canFail: true) { (c, row) throws(SQLError) in
                    try substring(
                        c[0].textBytes(row), from: c[1].int64s.cells[row],
                        count: c[2].int64s.cells[row])
                })
        }
        list += [
            text("left", [.text, .int4]) { c, row in
                let (all, n) = (characters(c[0].textBytes(row)), Int(c[1].int64s.cells[row]))
                return all.prefix(n >= 0 ? n : max(0, all.count + n)).flatMap { $0 }
            },
            text("right", [.text, .int4]) { c, row in
                let (all, n) = (characters(c[0].textBytes(row)), Int(c[1].int64s.cells[row]))
                return all.suffix(n >= 0 ? n : max(0, all.count + n)).flatMap { $0 }
            },
            text("replace", [.text, .text, .text]) { c, row in
                replaced(c[0].textBytes(row), c[1].textBytes(row), c[2].textBytes(row))
            },
            text("split_part", [.text, .text, .int4], canFail: true) { (c, row) throws(SQLError) in
                try splitPart(c[0].textBytes(row), c[1].textBytes(row), Int(c[2].int64s.cells[row]))
            },
            text("translate", [.text, .text, .text]) { c, row in
                let (from, to) = (characters(c[1].textBytes(row)), characters(c[2].textBytes(row)))
                return characters(c[0].textBytes(row)).flatMap { character -> ArraySlice<UInt8> in
                    guard let at = from.firstIndex(of: character) else { return character }
                    return at < to.count ? to[at] : []
                }
            },
        ]
        return list
    }

    private static func pieces(_ text: [UInt8], _ separator: [UInt8]) -> [ArraySlice<UInt8>] {
        var result: [ArraySlice<UInt8>] = []
        var rest = text[...]
        while !separator.isEmpty, let at = find(separator, in: rest) {
            result.append(rest[..<at])
            rest = rest[(at + separator.count)...]
        }
        return result + [rest]
    }

    private static func replaced(_ text: [UInt8], _ from: [UInt8], _ to: [UInt8]) -> [UInt8] {
        Array(pieces(text, from).joined(separator: to))
    }

    private static func splitPart(_ text: [UInt8], _ separator: [UInt8], _ number: Int)
        throws(SQLError)
        -> [UInt8]
    {
        if number == 0 { throw SQLError(.invalidParameterValue, "field position must not be zero") }
        let list = pieces(text, separator)
        let index = number > 0 ? number - 1 : list.count + number
        return list.indices.contains(index) ? Array(list[index]) : []
    }

    private static var padding: [ScalarFunction] {
        var list: [ScalarFunction] = []
        for (name, left, right) in [
            ("btrim", true, true), ("ltrim", true, false), ("rtrim", false, true),
        ] {
            list.append(
                text(name, [.text]) { c, row in trimmed(c[0].textBytes(row), [32], left, right) })
            list.append(
                text(name, [.text, .text]) { c, row in
                    trimmed(c[0].textBytes(row), c[1].textBytes(row), left, right)
                })
        }
        for (name, atLeft) in [("lpad", true), ("rpad", false)] {
            list.append(
                text(name, [.text, .int4], canFail: true) { (c, row) throws(SQLError) in
                    try padded(c[0].textBytes(row), Int(c[1].int64s.cells[row]), [32], atLeft)
                })
            list.append(
                text(name, [.text, .int4, .text], canFail: true) { (c, row) throws(SQLError) in
                    try padded(
                        c[0].textBytes(row), Int(c[1].int64s.cells[row]), c[2].textBytes(row),
                        atLeft)
                })
        }
        list.append(
            text("repeat", [.text, .int4], canFail: true) { (c, row) throws(SQLError) in
                let (text, times) = (c[0].textBytes(row), max(0, Int(c[1].int64s.cells[row])))
                guard text.count.multipliedReportingOverflow(by: times).partialValue <= 64 << 20,
                    !text.count.multipliedReportingOverflow(by: times).overflow
                else { throw SQLError(.programLimitExceeded, "requested length too large") }
                return Array(repeatElement(text, count: times).joined())
            })
        return list
    }

    private static func trimmed(_ text: [UInt8], _ set: [UInt8], _ left: Bool, _ right: Bool)
        -> [UInt8]
    {
        let members = Set(characters(set))
        var list = characters(text)[...]
        while left, let first = list.first, members.contains(first) { list.removeFirst() }
        while right, let last = list.last, members.contains(last) { list.removeLast() }
        return list.flatMap { $0 }
    }

    private static func padded(_ text: [UInt8], _ length: Int, _ fill: [UInt8], _ atLeft: Bool)
        throws(SQLError) -> [UInt8]
    {
        guard length <= 64 << 20 else {
            throw SQLError(.programLimitExceeded, "requested length too large")
        }
        let list = characters(text)
        let wanted = max(0, length)
        if list.count >= wanted { return list.prefix(wanted).flatMap { $0 } }
        let fillers = characters(fill)
        if fillers.isEmpty { return text }
        let pad = (0..<(wanted - list.count)).flatMap { fillers[$0 % fillers.count] }
        return atLeft ? pad + text : text + pad
    }

    private static var joining: [ScalarFunction] {
        [
            text("||", [.text, .text]) { c, row in c[0].textBytes(row) + c[1].textBytes(row) },
            ScalarFunction("concat", [.text], .text, variadic: true, strict: false) { e, c in
                RowKernels.texts(e, c, strict: false) { row in
                    c.flatMap { $0.isNull(row) ? [] : $0.textBytes(row) }
                }
            },
            ScalarFunction("concat_ws", [.text, .text], .text, variadic: true, strict: false) {
                e, c in
                RowKernels.texts(e, c, strict: false) { row in
                    if c[0].isNull(row) { return nil }
                    let parts = c.dropFirst().filter { !$0.isNull(row) }.map { $0.textBytes(row) }
                    return Array(parts.joined(separator: c[0].textBytes(row)))
                }
            },
        ]
    }
}
