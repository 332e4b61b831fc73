import Types

/// parse_ident, and unistr: text as the lexer of SQL reads it.
enum IdentifierFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "parse_ident", [.text, .boolean], .array(of: .text), canFail: true
        ) { e, c in
            RowKernels.texts(e, c) { (row) throws(SQLError) in
                let parts = try parts(c[0].textBytes(row), isStrict: c[1].bools.cells[row] != 0)
                return ArrayValue(parts.map { .text($0) }).encoded(.text)
            }
        },
        ScalarFunction("unistr", [.text], .text, canFail: true) { e, c in
            RowKernels.texts(e, c) { (row) throws(SQLError) in try unescaped(c[0].textBytes(row)) }
        },
    ]

    // MARK: - Identifiers

    private static func isStart(_ byte: UInt8) -> Bool {
        65...90 ~= byte || 97...122 ~= byte || byte == 95 || byte >= 128
    }

    /// The parts of a name with dots. - Throws: 22023 when it is none, or has more behind it while
    /// `isStrict`.
    private static func parts(_ text: [UInt8], isStrict: Bool) throws(SQLError) -> [[UInt8]] {
        var list: [[UInt8]] = []
        var index = 0
        func invalid(_ detail: String? = nil) -> SQLError {
            SQLError(
                .invalidParameterValue,
                "string is not a valid identifier: \"\(String(decoding: text, as: UTF8.self))\"",
                detail: detail)
        }
        func skipSpaces() {
            while index < text.count, TextScan.isSpace(text[index]), text[index] != 11 {
                index += 1
            }
        }
        skipSpaces()
        while true {
            if index < text.count, text[index] == 34 {
                var part: [UInt8] = []
                index += 1
                while index < text.count, text[index] != 34 || text[(index + 1)...].first == 34 {
                    part.append(text[index])
                    index += text[index] == 34 ? 2 : 1
                }
                guard index < text.count else {
                    throw invalid("String has unclosed double quotes.")
                }
                guard !part.isEmpty else { throw invalid("Quoted identifier must not be empty.") }
                index += 1
                list.append(part)
            } else if index < text.count, isStart(text[index]) {
                let part = text[index...].prefix { isStart($0) || 48...57 ~= $0 || $0 == 36 }
                list.append(part.map { 65...90 ~= $0 ? $0 | 32 : $0 })
                index = part.endIndex
            } else if index < text.count, text[index] == 46 {
                throw invalid("No valid identifier before \".\".")
            } else {
                throw invalid(list.isEmpty ? nil : "No valid identifier after \".\".")
            }
            skipSpaces()
            if index == text.count { return list }
            guard text[index] == 46 else {
                if isStrict { throw invalid() }
                return list
            }
            index += 1
            skipSpaces()
        }
    }

    // MARK: - Escapes

    /// The digits that follow a backslash and what stands before them: `\0041`, `\u0041`, `\+000041`,
    /// `\U00000041`.
    private static let escapes: [(mark: [UInt8], digits: Int)] = [
        ([], 4), ([117], 4), ([43], 6), ([85], 8),
    ]

    private static func code(_ text: ArraySlice<UInt8>) -> (code: UInt32, length: Int)? {
        for (mark, count) in escapes where text.starts(with: mark) {
            let digits = text.dropFirst(mark.count).prefix(count)
            guard digits.count == count,
                let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
                digits.first != 43
            else { continue }
            return (value, mark.count + count)
        }
        return nil
    }

    private static func unescaped(_ text: [UInt8]) throws(SQLError) -> [UInt8] {
        var result: [UInt8] = []
        var high: UInt32?
        let unpaired = SQLError(.syntaxError, "invalid Unicode surrogate pair")
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            guard byte == 92, text[index...].first != 92 else {
                if high != nil { throw unpaired }
                result.append(byte)
                if byte == 92 { index += 1 }
                continue
            }
            guard let (code, length) = code(text[index...]) else {
                throw SQLError(
                    .syntaxError, "invalid Unicode escape",
                    hint: "Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.")
            }
            index += length
            guard code > 0, code <= 0x10FFFF else {
                let digits = String(code, radix: 16, uppercase: true)
                let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
                throw SQLError(
                    .invalidParameterValue, "invalid Unicode code point: \(padded)")
            }
            let isLow = 0xDC00...0xDFFF ~= code
            guard isLow == (high != nil) else { throw unpaired }
            if 0xD800...0xDBFF ~= code {
                high = code
                continue
            }
            let whole = high.map { 0x10000 + ($0 - 0xD800) << 10 + (code - 0xDC00) } ?? code
            high = nil
            guard let scalar = Unicode.Scalar(whole) else { throw unpaired }
            result += Array(String(Character(scalar)).utf8)
        }
        if high != nil { throw unpaired }
        return result
    }
}
