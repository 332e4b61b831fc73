import Types

/// Cuts a statement's text into tokens, after PostgreSQL's scan.l.
struct Lexer {
    private let bytes: [UInt8]
    private var at = 0
    private var tokens: [Token] = []
    private static let operatorBytes = Set("+-*/<>=~!@#%^&|`?".utf8)

    /// All tokens, closed by an `end`. - Throws: 42601 with the position of what is wrong.
    static func tokens(_ text: String) throws(SQLError) -> [Token] {
        var lexer = Lexer(bytes: Array(text.utf8))
        try lexer.run()
        return lexer.tokens
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func peek(_ ahead: Int = 0) -> UInt8 {
        at + ahead < bytes.count ? bytes[at + ahead] : 0
    }

    private func error(_ message: String, from start: Int) -> SQLError {
        SQLError(.syntaxError, message, position: Lexer.position(bytes, start))
    }

    /// The 1-based character position of a byte offset.
    static func position(_ bytes: [UInt8], _ offset: Int) -> Int {
        bytes.prefix(offset).reduce(1) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) }
    }

    private func near(_ start: Int) -> String {
        String(decoding: bytes[start..<min(bytes.count, max(at, start + 1))], as: UTF8.self)
    }

    private mutating func add(_ kind: Token.Kind, from start: Int) {
        tokens.append(Token(kind: kind, start: start, end: at))
    }

    private mutating func run() throws(SQLError) {
        while true {
            try skipBlanks()
            if at >= bytes.count { break }
            try next()
        }
        tokens.append(Token(kind: .end, start: bytes.count, end: bytes.count))
    }

    private mutating func skipBlanks() throws(SQLError) {
        while at < bytes.count {
            if TextScan.isSpace(peek()) {
                at += 1
            } else if peek() == 45, peek(1) == 45 {
                while at < bytes.count, peek() != 10 { at += 1 }
            } else if peek() == 47, peek(1) == 42 {
                try skipComment()
            } else {
                return
            }
        }
    }

    private mutating func skipComment() throws(SQLError) {
        let start = at
        var depth = 0
        repeat {
            guard at < bytes.count else {
                throw error("unterminated /* comment at or near \"\(near(start))\"", from: start)
            }
            if peek() == 47, peek(1) == 42 {
                depth += 1
                at += 2
            } else if peek() == 42, peek(1) == 47 {
                depth -= 1
                at += 2
            } else {
                at += 1
            }
        } while depth > 0
    }

    private static func isWordStart(_ byte: UInt8) -> Bool {
        (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || byte == 95 || byte >= 128
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

    private mutating func next() throws(SQLError) {
        let start = at
        let byte = peek()
        if Lexer.isWordStart(byte) {
            if try prefixedString(byte) { return }
            while Lexer.isWordStart(peek()) || Lexer.isDigit(peek()) || peek() == 36 { at += 1 }
            let word = bytes[start..<at].map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }
            return add(.word(Lexer.identifier(word)), from: start)
        }
        if Lexer.isDigit(byte) || (byte == 46 && Lexer.isDigit(peek(1))) { return try number() }
        switch byte {
        case 39:
            let text = try quoted(39, "unterminated quoted string")
            try addString(text, from: start)
        case 34:
            let name = try quoted(34, "unterminated quoted identifier")
            if name.isEmpty {
                throw error("zero-length delimited identifier at or near \"\"\"\"", from: start)
            }
            add(.quoted(Lexer.identifier(name)), from: start)
        case 36: try dollar()
        case 40, 41, 44, 59, 91, 93, 46:
            at += 1
            add(.symbol(String(decoding: [byte], as: UTF8.self)), from: start)
        case 58:
            at += 1
            if peek() == 58 || peek() == 61 { at += 1 }
            add(.symbol(String(decoding: bytes[start..<at], as: UTF8.self)), from: start)
        default:
            guard Lexer.operatorBytes.contains(byte) else {
                at += 1
                throw error("syntax error at or near \"\(near(start))\"", from: start)
            }
            operatorToken()
        }
    }

    /// A name, cut after the last whole character within PostgreSQL's 63 bytes.
    static func identifier(_ bytes: [UInt8]) -> String {
        guard bytes.count > 63 else { return String(decoding: bytes, as: UTF8.self) }
        var end = 63
        while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }

    /// E'…', and U&, B, X, N strings. - Returns: false when it is an ordinary word.
    private mutating func prefixedString(_ byte: UInt8) throws(SQLError) -> Bool {
        let start = at
        if byte | 32 == 117, peek(1) == 38, peek(2) == 39 || peek(2) == 34 {
            at += 2
            let isName = peek() == 34
            let raw = try quoted(
                peek(), "unterminated quoted \(isName ? "identifier" : "string")")
            let text = try unicodeText(raw, escape: try escapeCharacter(), from: start)
            if isName {
                add(.quoted(Lexer.identifier(text)), from: start)
            } else {
                try addString(text, from: start)
            }
            return true
        }
        guard peek(1) == 39 else { return false }
        switch byte | 32 {
        case 101:
            at += 1
            try addString(try escapedString(from: start), from: start)
            return true
        case 110:
            at += 1
            try addString(try quoted(39, "unterminated quoted string"), from: start)
            return true
        case 98, 120:
            throw SQLError.unsupported("a bit string literal", at: Lexer.position(bytes, start))
        default: return false
        }
    }

    /// Adds a string; strings apart by a line break continue each other.
    private mutating func addString(_ text: [UInt8], from start: Int) throws(SQLError) {
        var all = text
        while true {
            let mark = at
            var sawNewline = false
            while at < bytes.count, TextScan.isSpace(peek()) {
                if peek() == 10 { sawNewline = true }
                at += 1
            }
            guard sawNewline, peek() == 39 else {
                at = mark
                break
            }
            all += try quoted(39, "unterminated quoted string")
        }
        guard let string = String(validating: all, as: UTF8.self), !all.contains(0) else {
            throw SQLError(.characterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
        }
        add(.string(string), from: start)
    }

    private mutating func quoted(_ quote: UInt8, _ message: String) throws(SQLError) -> [UInt8] {
        let start = at
        var result: [UInt8] = []
        at += 1
        while at < bytes.count {
            if peek() == quote {
                at += 1
                if peek() != quote || at >= bytes.count { return result }
            }
            result.append(peek())
            at += 1
        }
        throw error("\(message) at or near \"\(near(start))\"", from: start)
    }

    private mutating func escapedString(from start: Int) throws(SQLError) -> [UInt8] {
        var result: [UInt8] = []
        var high: UInt32?
        at += 1
        while at < bytes.count {
            let byte = peek()
            if high != nil, byte != 92 || (peek(1) != 117 && peek(1) != 85) {
                throw surrogateError(at)
            }
            at += 1
            if byte == 39 {
                if peek() != 39 { return result }
                at += 1
                result.append(39)
            } else if byte == 92 {
                try escape(&result, &high)
            } else {
                result.append(byte)
            }
        }
        throw error("unterminated quoted string at or near \"\(near(start))\"", from: start)
    }

    private mutating func escape(_ result: inout [UInt8], _ high: inout UInt32?) throws(SQLError) {
        let byte = peek()
        at += 1
        switch byte {
        case 98: result.append(8)
        case 102: result.append(12)
        case 110: result.append(10)
        case 114: result.append(13)
        case 116: result.append(9)
        case 120, 117, 85:
            let digits = byte == 120 ? 2 : (byte == 117 ? 4 : 8)
            var value: UInt32 = 0
            var count = 0
            while count < digits, let digit = Character(Unicode.Scalar(peek())).hexDigitValue {
                value = value &* 16 &+ UInt32(digit)
                at += 1
                count += 1
            }
            if byte == 120 {
                // Without digits it is but an x.
                result.append(count == 0 ? byte : UInt8(truncatingIfNeeded: value))
            } else {
                guard count == digits else {
                    throw SQLError(
                        .invalidEscapeSequence, "invalid Unicode escape",
                        hint: "Unicode escapes must be \\uXXXX or \\UXXXXXXXX.",
                        position: Lexer.position(bytes, at))
                }
                result += try character(value, &high, at)
            }
        case 48...55:
            var value = UInt32(byte - 48)
            var count = 1
            while count < 3, peek() >= 48, peek() <= 55 {
                value = value * 8 + UInt32(peek() - 48)
                at += 1
                count += 1
            }
            result.append(UInt8(truncatingIfNeeded: value))
        default: result.append(byte)
        }
    }

    /// The character behind UESCAPE, the backslash without it.
    private mutating func escapeCharacter() throws(SQLError) -> UInt8 {
        let mark = at
        while at < bytes.count, TextScan.isSpace(peek()) { at += 1 }
        let word = Array("uescape".utf8)
        guard bytes[at...].prefix(word.count).map({ $0 | 32 }) == word else {
            at = mark
            return 92
        }
        at += word.count
        while at < bytes.count, TextScan.isSpace(peek()) { at += 1 }
        let start = at
        guard peek() == 39 else {
            throw error(
                "UESCAPE must be followed by a simple string literal at or near \"\(near(start))\"",
                from: start)
        }
        let text = try quoted(39, "unterminated quoted string")
        guard text.count == 1, ![39, 34, 43].contains(text[0]), !TextScan.isSpace(text[0]),
            Character(Unicode.Scalar(text[0])).hexDigitValue == nil
        else {
            throw error(
                "invalid Unicode escape character at or near \"\(near(start))\"", from: start)
        }
        return text[0]
    }

    /// U&'d\0061t\+000061': code points after the escape character.
    private func unicodeText(_ raw: [UInt8], escape: UInt8, from start: Int) throws(SQLError)
        -> [UInt8]
    {
        var result: [UInt8] = []
        var high: UInt32?
        var index = 0
        while index < raw.count {
            let isEscape = raw[index] == escape
            if !isEscape || (index + 1 < raw.count && raw[index + 1] == escape) {
                if high != nil { throw surrogateError(start) }
                result.append(raw[index])
                index += isEscape ? 2 : 1
                continue
            }
            index += 1
            var digits = 4
            if index < raw.count, raw[index] == 43 {
                digits = 6
                index += 1
            }
            let text = String(decoding: raw[index..<min(raw.count, index + digits)], as: UTF8.self)
            guard text.utf8.count == digits, text.allSatisfy(\.isHexDigit),
                let value = UInt32(text, radix: 16)
            else {
                var failure = error("invalid Unicode escape", from: start)
                failure.hint = "Unicode escapes must be \\XXXX or \\+XXXXXX."
                throw failure
            }
            result += try character(value, &high, start)
            index += digits
        }
        if high != nil { throw surrogateError(start) }
        return result
    }

    /// A code point as UTF-8; the first half of a surrogate pair waits in `high` for the second.
    private func character(_ value: UInt32, _ high: inout UInt32?, _ start: Int) throws(SQLError)
        -> [UInt8]
    {
        var value = value
        if let first = high {
            guard (0xDC00...0xDFFF).contains(value) else { throw surrogateError(start) }
            value = 0x10000 + (first & 0x3FF) << 10 + value & 0x3FF
            high = nil
        } else if (0xD800...0xDBFF).contains(value) {
            high = value
            return []
        } else if (0xDC00...0xDFFF).contains(value) {
            throw surrogateError(start)
        }
        guard value != 0, let scalar = Unicode.Scalar(value) else {
            throw error("invalid Unicode escape value", from: start)
        }
        return Array(String(Character(scalar)).utf8)
    }

    private func surrogateError(_ start: Int) -> SQLError {
        error("invalid Unicode surrogate pair", from: start)
    }

    private mutating func number() throws(SQLError) {
        let start = at
        var isInteger = true
        while Lexer.isDigit(peek()) { at += 1 }
        if peek() == 46, peek(1) != 46 {
            isInteger = false
            at += 1
            while Lexer.isDigit(peek()) { at += 1 }
        }
        if peek() | 32 == 101 {
            let sign = peek(1) == 43 || peek(1) == 45 ? 1 : 0
            if Lexer.isDigit(peek(1 + sign)) {
                isInteger = false
                at += 1 + sign
                while Lexer.isDigit(peek()) { at += 1 }
            }
        }
        if Lexer.isWordStart(peek()) {
            at += 1
            throw error(
                "trailing junk after numeric literal at or near \"\(near(start))\"", from: start)
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        add(isInteger ? .integer(text) : .decimal(text), from: start)
    }

    /// `$1`, or a dollar-quoted string.
    private mutating func dollar() throws(SQLError) {
        let start = at
        at += 1
        if Lexer.isDigit(peek()) {
            while Lexer.isDigit(peek()) { at += 1 }
            guard let number = Int(String(decoding: bytes[(start + 1)..<at], as: UTF8.self)),
                number <= 65535
            else { throw error("there is no parameter \(near(start))", from: start) }
            return add(.parameter(number), from: start)
        }
        while Lexer.isWordStart(peek()) || Lexer.isDigit(peek()) { at += 1 }
        guard peek() == 36 else { throw error("syntax error at or near \"$\"", from: start) }
        at += 1
        let tag = Array(bytes[start..<at])
        let from = at
        while at < bytes.count {
            if bytes[at...].starts(with: tag) {
                let text = String(decoding: bytes[from..<at], as: UTF8.self)
                at += tag.count
                return add(.string(text), from: start)
            }
            at += 1
        }
        throw error("unterminated dollar-quoted string at or near \"\(near(start))\"", from: start)
    }

    /// The longest operator, with PostgreSQL's rule for a trailing + or -.
    private mutating func operatorToken() {
        let start = at
        while Lexer.operatorBytes.contains(peek()) {
            if (peek() == 45 && peek(1) == 45) || (peek() == 47 && peek(1) == 42) { break }
            at += 1
        }
        if at == start { at += 1 }
        while at - start > 1, bytes[at - 1] == 43 || bytes[at - 1] == 45 {
            let special = Set("~!@#%^&|`?".utf8)
            if bytes[start..<(at - 1)].contains(where: { special.contains($0) }) { break }
            at -= 1
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        add(.symbol(text == "!=" ? "<>" : text), from: start)
    }
}
