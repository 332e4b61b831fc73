/// Walks over a json text (RFC 8259) from value to value, with PostgreSQL's errors.
package struct JSONScanner {
    package let text: [UInt8]
    private var index = 0
    private var depth = 0
    /// Whether escapes have to stand for characters that text can have, which json alone does not ask.
    private let decodes: Bool

    package init(_ text: [UInt8], decodes: Bool) {
        self.text = text
        self.decodes = decodes
    }

    private func invalid(_ detail: String? = nil) -> SQLError {
        let found: String
        if index >= text.count {
            found = "The input string ended unexpectedly."
        } else {
            let rest = text[index...].prefix { $0 > 32 && $0 != 44 && $0 != 125 && $0 != 93 }
            let token = rest.isEmpty ? text[index...].prefix(1) : rest
            found = "Token \"\(String(decoding: token, as: UTF8.self))\" is invalid."
        }
        return SQLError(
            .invalidTextRepresentation, "invalid input syntax for type json",
            detail: detail ?? found)
    }

    private mutating func skipSpaces() {
        while index < text.count {
            let byte = text[index]
            guard byte == 32 || byte == 9 || byte == 10 || byte == 13 else { return }
            index += 1
        }
    }

    /// - Throws: 22P02 when anything but blanks is left.
    package mutating func end() throws(SQLError) {
        skipSpaces()
        guard index == text.count else { throw invalid() }
    }

    /// The first byte of the value that comes next. - Throws: 22P02 at the end.
    package mutating func start() throws(SQLError) -> UInt8 {
        skipSpaces()
        guard index < text.count else { throw invalid() }
        return text[index]
    }

    // MARK: - Values

    /// Where the next value is, which is then behind.
    package mutating func value() throws(SQLError) -> Range<Int> {
        let first = try start()
        let from = index
        switch first {
        case 123: try members { (s, _) throws(SQLError) in _ = try s.value() }
        case 91: try elements { (s) throws(SQLError) in _ = try s.value() }
        case 34: _ = try string()
        case 116: try word("true")
        case 102: try word("false")
        case 110: try word("null")
        default: try number()
        }
        return from..<index
    }

    /// The next value as a tree.
    package mutating func tree() throws(SQLError) -> JSONValue {
        switch try start() {
        case 123:
            var pairs: [(key: [UInt8], value: JSONValue)] = []
            try members { (s, key) throws(SQLError) in
                pairs.append((try s.decoded(key), try s.tree()))
            }
            return .object(of: pairs)
        case 91:
            var list: [JSONValue] = []
            try elements { (s) throws(SQLError) in list.append(try s.tree()) }
            return .array(list)
        case 34: return .string(try decoded(try string()))
        case 116, 102: return .bool(try value().count == 4)
        case 110:
            _ = try value()
            return .null
        default:
            guard let number = try Numeric.parse(Array(text[try value()])) else { throw invalid() }
            return .number(number)
        }
    }

    /// The elements of the array that comes next; `each` walks over one.
    package mutating func elements(_ each: (inout JSONScanner) throws(SQLError) -> Void)
        throws(SQLError)
    {
        try list(end: 93, each)
    }

    /// The members of the object that comes next; `each` gets where the key is and walks over the value.
    package mutating func members(
        _ each: (inout JSONScanner, Range<Int>) throws(SQLError) -> Void
    ) throws(SQLError) {
        try list(end: 125) { (s) throws(SQLError) in
            guard try s.start() == 34 else { throw s.invalid() }
            let key = try s.string()
            guard try s.start() == 58 else { throw s.invalid() }
            s.index += 1
            try each(&s, key)
        }
    }

    private mutating func list(
        end: UInt8, _ each: (inout JSONScanner) throws(SQLError) -> Void
    ) throws(SQLError) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 1000 else {
            throw SQLError(.statementTooComplex, "stack depth limit exceeded")
        }
        index += 1
        if try start() == end {
            index += 1
            return
        }
        while true {
            try each(&self)
            let next = try start()
            guard next == end || next == 44 else { throw invalid() }
            index += 1
            if next == end { return }
        }
    }

    // MARK: - Tokens

    private mutating func word(_ word: String) throws(SQLError) {
        guard text[index...].starts(with: word.utf8) else { throw invalid() }
        let end = index + word.utf8.count
        if end < text.count, (text[end] | 32 >= 97 && text[end] | 32 <= 122) { throw invalid() }
        index = end
    }

    private mutating func number() throws(SQLError) {
        let start = index
        if text[index] == 45 { index += 1 }
        func digits() -> Int { text[index...].prefix { $0 >= 48 && $0 <= 57 }.count }
        let whole = digits()
        guard whole > 0, whole == 1 || text[index] != 48 else {
            index = start
            throw invalid()
        }
        index += whole
        if index < text.count, text[index] == 46 {
            index += 1
            let fraction = digits()
            guard fraction > 0 else { throw invalid() }
            index += fraction
        }
        if index < text.count, text[index] | 32 == 101 {
            index += 1
            if index < text.count, text[index] == 43 || text[index] == 45 { index += 1 }
            let exponent = digits()
            guard exponent > 0 else { throw invalid() }
            index += exponent
        }
    }

    /// Where a string is, with its quotes.
    private mutating func string() throws(SQLError) -> Range<Int> {
        let start = index
        var isEscaped = false
        index += 1
        while index < text.count, text[index] != 34 {
            let byte = text[index]
            if byte < 32 {
                throw invalid("Character with value 0x\(String(byte, radix: 16)) must be escaped.")
            }
            index += 1
            if byte == 92 {
                isEscaped = true
                try skipEscape()
            }
        }
        guard index < text.count else { throw invalid() }
        index += 1
        if isEscaped, decodes { _ = try decoded(start..<index) }
        return start..<index
    }

    private mutating func skipEscape() throws(SQLError) {
        guard index < text.count else { throw invalid() }
        switch text[index] {
        case 34, 92, 47, 98, 102, 110, 114, 116: index += 1
        case 117:
            let digits = text[(index + 1)...].prefix(4)
            guard digits.count == 4, digits.allSatisfy({ JSONScanner.hexDigit($0) != nil }) else {
                throw invalid("\"\\u\" must be followed by four hexadecimal digits.")
            }
            index += 5
        default: throw invalid()
        }
    }

    private static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 48...57: UInt32(byte - 48)
        case 65...70: UInt32(byte - 55)
        case 97...102: UInt32(byte - 87)
        default: nil
        }
    }

    // MARK: - Strings

    /// What the string means that is there with its quotes. - Throws: 22P02, 22P05.
    package func decoded(_ range: Range<Int>) throws(SQLError) -> [UInt8] {
        let inner = text[(range.lowerBound + 1)..<(range.upperBound - 1)]
        guard inner.contains(92) else { return Array(inner) }
        var bytes: [UInt8] = []
        var at = inner.startIndex
        while at < inner.endIndex {
            let byte = inner[at]
            at += 1
            guard byte == 92 else {
                bytes.append(byte)
                continue
            }
            let escaped = inner[at]
            at += 1
            switch escaped {
            case 98: bytes.append(8)
            case 102: bytes.append(12)
            case 110: bytes.append(10)
            case 114: bytes.append(13)
            case 116: bytes.append(9)
            case 117: bytes.append(contentsOf: try character(&at))
            default: bytes.append(escaped)
            }
        }
        return bytes
    }

    private func hex(_ at: inout Int) -> UInt32 {
        let code = text[at...].prefix(4).reduce(0) { $0 << 4 | (JSONScanner.hexDigit($1) ?? 0) }
        at += 4
        return code
    }

    private func character(_ at: inout Int) throws(SQLError) -> [UInt8] {
        var code = hex(&at)
        if (0xD800..<0xDC00).contains(code), text[at...].starts(with: [92, 117]) {
            at += 2
            let low = hex(&at)
            guard (0xDC00..<0xE000).contains(low) else {
                throw invalid("Unicode low surrogate must follow a high surrogate.")
            }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard code != 0 else {
            throw SQLError(
                SQLState.external("22P05"), "unsupported Unicode escape sequence",
                detail: "\\u0000 cannot be converted to text.")
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw invalid("Unicode low surrogate must follow a high surrogate.")
        }
        return Array(String(Character(scalar)).utf8)
    }
}
