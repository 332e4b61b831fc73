import Types

/// String functions; collation "C", encoding UTF-8, positions in characters.
enum TextFunctions {
    static let all: [ScalarFunction] = measures + cases + parts + padding + joining

    static func lowered(_ text: [UInt8]) -> [UInt8] { text.map(lowered) }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        byte >= 65 && byte <= 90 ? byte + 32 : byte
    }

    private static func raised(_ byte: UInt8) -> UInt8 {
        byte >= 97 && byte <= 122 ? byte - 32 : byte
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

    /// A piece of the first argument.
    private static func piece(
        _ name: String, _ arguments: [DataType], canFail: Bool = false,
        _ f: @escaping @Sendable (Cells<UInt8>, [Column], Int) throws(SQLError) -> Range<Int>
    ) -> ScalarFunction {
        ScalarFunction(name, arguments, .text, canFail: canFail) { e, c in
            RowKernels.pieces(e, c) { (row, text) throws(SQLError) in try f(text, c, row) }
        }
    }

    private static func int(_ name: String, _ f: @escaping @Sendable (Cells<UInt8>) -> Int)
        -> ScalarFunction
    {
        ScalarFunction(name, [.text], .int4) { e, c in
            let texts = TextRows(c[0])
            let result = RowKernels.ints(e, c) { Int64(f(texts[$0])) }
            return withExtendedLifetime(c) { result }
        }
    }

    /// Of two texts.
    private static func int(
        _ name: String, _ f: @escaping @Sendable (Cells<UInt8>, Cells<UInt8>) -> Int
    ) -> ScalarFunction {
        ScalarFunction(name, [.text, .text], .int4) { e, c in
            let (texts, others) = (TextRows(c[0]), TextRows(c[1]))
            let result = RowKernels.ints(e, c) { Int64(f(texts[$0], others[$0])) }
            return withExtendedLifetime(c) { result }
        }
    }

    private static var measures: [ScalarFunction] {
        let length: @Sendable (Cells<UInt8>) -> Int = { TextPieces.characterCount($0) }
        return [
            int("length", length), int("char_length", length), int("character_length", length),
            int("octet_length") { $0.count }, int("bit_length") { $0.count * 8 },
            int("strpos") { position($1, in: $0) }, int("position") { position($1, in: $0) },
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
                    let (texts, prefixes) = (TextRows(c[0]), TextRows(c[1]))
                    let result = RowKernels.bools(e, c) {
                        TextPieces.isPrefix(prefixes[$0], of: texts[$0])
                    }
                    return withExtendedLifetime(c) { result }
                }
            }
    }

    /// 1-based character position; 0 when absent.
    private static func position(_ needle: Cells<UInt8>, in text: Cells<UInt8>) -> Int {
        guard let at = TextPieces.find(needle, in: text) else { return 0 }
        return TextPieces.characterCount(text, before: at) + 1
    }

    private static var cases: [ScalarFunction] {
        [
            ScalarFunction("lower", [.text], .text) { _, c in RowKernels.mapped(c[0], lowered) },
            ScalarFunction("upper", [.text], .text) { _, c in RowKernels.mapped(c[0], raised) },
            text("initcap", [.text]) { c, row in
                var inWord = false
                return c[0].textBytes(row).map { byte in
                    let isAlphanumeric =
                        (byte >= 48 && byte <= 57) || (byte | 32 >= 97 && byte | 32 <= 122)
                    defer { inWord = isAlphanumeric }
                    return inWord ? lowered(byte) : raised(byte)
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
            let (value, piece) = (TextRows(c[0])[row], c[1].textBytes(row))
            let from = c[2].int64s.cells[row]
            let length = TextPieces.characterCount(TextRows(c[1])[row])
            let count = c.count > 3 ? c[3].int64s.cells[row] : Int64(length)
            guard from >= 1 else {
                throw SQLError(.substringError, "negative substring length not allowed")
            }
            guard Int64(Int32.min)...Int64(Int32.max) ~= from + count else {
                throw SQLError(.numericValueOutOfRange, "integer out of range")
            }
            let head = try TextPieces.substring(value, from: 1, count: from - 1)
            let tail = try TextPieces.substring(value, from: from + count, count: nil)
            let bytes = c[0].textBytes(row)
            return bytes[head] + piece + bytes[tail]
        }
    }

    private static var parts: [ScalarFunction] {
        var list: [ScalarFunction] = []
        for name in ["substring", "substr"] {
            for arity in 1...2 {
                let types = [.text] + [DataType](repeating: .int4, count: arity)
                list.append(
                    piece(name, types, canFail: arity == 2) { (text, c, row) throws(SQLError) in
                        try TextPieces.substring(
                            text, from: c[1].int64s.cells[row],
                            count: c.count > 2 ? c[2].int64s.cells[row] : nil)
                    })
            }
        }
        list += [
            piece("left", [.text, .int4]) { text, c, row in
                TextPieces.left(text, Int(c[1].int64s.cells[row]))
            },
            piece("right", [.text, .int4]) { text, c, row in
                TextPieces.right(text, Int(c[1].int64s.cells[row]))
            },
            ScalarFunction("replace", [.text, .text, .text], .text, canFail: true) { e, c in
                replaced(e, c)
            },
            ScalarFunction("split_part", [.text, .text, .int4], .text, canFail: true) { e, c in
                let (separators, numbers) = (TextRows(c[1]), c[2].int64s.cells)
                let result = RowKernels.pieces(e, c) { (row, text) throws(SQLError) in
                    try TextPieces.field(text, separators[row], Int(numbers[row]))
                }
                return withExtendedLifetime(c) { result }
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

    private static func replaced(_ e: Evaluation, _ c: [Column]) -> Column {
        let (texts, olds, news) = (TextRows(c[0]), TextRows(c[1]), TextRows(c[2]))
        let result = RowKernels.written(e, c) { (row, bytes) throws(SQLError) in
            let (text, old, new) = (texts[row], olds[row], news[row])
            let start = bytes.count
            var from = 0
            while old.count > 0, let at = TextPieces.find(old, in: text, from: from) {
                try RowKernels.checkLength(bytes.count - start + new.count)
                bytes.append(text, from..<at)
                bytes.append(new, 0..<new.count)
                from = at + old.count
            }
            bytes.append(text, from..<text.count)
            return true
        }
        return withExtendedLifetime(c) { result }
    }

    private static var padding: [ScalarFunction] {
        var list: [ScalarFunction] = []
        for (name, left, right) in [
            ("btrim", true, true), ("ltrim", true, false), ("rtrim", false, true),
        ] {
            list.append(
                piece(name, [.text]) { text, _, _ in
                    let blank = Storage<UInt8>([32])
                    return withExtendedLifetime(blank) {
                        TextPieces.trimmed(text, blank.cells, left: left, right: right)
                    }
                })
            list.append(
                piece(name, [.text, .text]) { text, c, row in
                    TextPieces.trimmed(text, TextRows(c[1])[row], left: left, right: right)
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
            ScalarFunction("||", [.text, .text], .text) { e, c in
                let (texts, others) = (TextRows(c[0]), TextRows(c[1]))
                let result = RowKernels.written(e, c) { (row, bytes) throws(SQLError) in
                    try RowKernels.checkLength(texts[row].count + others[row].count)
                    bytes.append(texts[row], 0..<texts[row].count)
                    bytes.append(others[row], 0..<others[row].count)
                    return true
                }
                return withExtendedLifetime(c) { result }
            },
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
