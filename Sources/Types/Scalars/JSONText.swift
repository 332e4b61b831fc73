/// A JSON value. As jsonb its text is canonical: keys by length then bytes, the last of equal keys,
/// numbers as numeric prints them, one space behind colons and commas.
package indirect enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Numeric)
    case string([UInt8])
    case array([JSONValue])
    /// Keys ascending (by length, then bytes), each once.
    case object([(key: [UInt8], value: JSONValue)])

    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        left.canonical == right.canonical
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(canonical) }

    /// An object of pairs; of equal keys the last counts.
    package static func object(of pairs: [(key: [UInt8], value: JSONValue)]) -> JSONValue {
        var last: [[UInt8]: JSONValue] = [:]
        for pair in pairs { last[pair.key] = pair.value }
        return .object(
            last.map { (key: $0.key, value: $0.value) }.sorted { left, right in
                left.key.count != right.key.count
                    ? left.key.count < right.key.count
                    : left.key.lexicographicallyPrecedes(right.key)
            })
    }

    /// The text that jsonb prints.
    package var canonical: [UInt8] {
        var output: [UInt8] = []
        append(to: &output)
        return output
    }

    private func append(to output: inout [UInt8]) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let value): value.appendText(to: &output)
        case .string(let text): JSONText.append(string: text, to: &output)
        case .array(let list):
            output.append(91)
            for (index, value) in list.enumerated() {
                if index > 0 { output.append(contentsOf: [44, 32]) }
                value.append(to: &output)
            }
            output.append(93)
        case .object(let pairs):
            output.append(123)
            for (index, pair) in pairs.enumerated() {
                if index > 0 { output.append(contentsOf: [44, 32]) }
                JSONText.append(string: pair.key, to: &output)
                output.append(contentsOf: [58, 32])
                pair.value.append(to: &output)
            }
            output.append(125)
        }
    }

    /// What ->> gives: strings without their quotes, NULL for null.
    package var text: [UInt8]? {
        switch self {
        case .null: nil
        case .string(let text): text
        default: canonical
        }
    }

    /// The value under a key; nil when there is none.
    package subscript(key key: [UInt8]) -> JSONValue? {
        guard case .object(let pairs) = self else { return nil }
        return pairs.first { $0.key == key }?.value
    }

    /// The element at a place, from the end when negative; nil when there is none.
    package subscript(index index: Int) -> JSONValue? {
        guard case .array(let list) = self else { return nil }
        let place = index < 0 ? list.count + index : index
        return list.indices.contains(place) ? list[place] : nil
    }
}

/// Reads and writes JSON (RFC 8259), with PostgreSQL's errors.
package enum JSONText {
    /// - Throws: 22P02.
    package static func parse(_ text: [UInt8]) throws(SQLError) -> JSONValue {
        var parser = Parser(text: text)
        return try parser.document()
    }

    /// - Throws: 22P02 when the text is no JSON.
    package static func validate(_ text: [UInt8]) throws(SQLError) { _ = try parse(text) }

    package static func append(string: [UInt8], to output: inout [UInt8]) {
        output.append(34)
        for byte in string {
            switch byte {
            case 34: output.append(contentsOf: [92, 34])
            case 92: output.append(contentsOf: [92, 92])
            case 8: output.append(contentsOf: [92, 98])
            case 12: output.append(contentsOf: [92, 102])
            case 10: output.append(contentsOf: [92, 110])
            case 13: output.append(contentsOf: [92, 114])
            case 9: output.append(contentsOf: [92, 116])
            case 0..<32:
                let digits = Array("0123456789abcdef".utf8)
                output.append(contentsOf: "\\u00".utf8)
                output.append(digits[Int(byte >> 4)])
                output.append(digits[Int(byte & 15)])
            default: output.append(byte)
            }
        }
        output.append(34)
    }

    private struct Parser {
        let text: [UInt8]
        var index = 0
        var depth = 0

        init(text: [UInt8]) { self.text = text }

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
            while index < text.count, [32, 9, 10, 13].contains(text[index]) { index += 1 }
        }

        mutating func document() throws(SQLError) -> JSONValue {
            let value = try value()
            skipSpaces()
            guard index == text.count else { throw invalid() }
            return value
        }

        private mutating func value() throws(SQLError) -> JSONValue {
            skipSpaces()
            guard index < text.count else { throw invalid() }
            depth += 1
            defer { depth -= 1 }
            guard depth <= 1000 else {
                throw SQLError(.statementTooComplex, "stack depth limit exceeded")
            }
            switch text[index] {
            case 123: return try object()
            case 91: return try array()
            case 34: return .string(try string())
            case 116: return try word("true", .bool(true))
            case 102: return try word("false", .bool(false))
            case 110: return try word("null", .null)
            default: return try number()
            }
        }

        private mutating func word(_ word: String, _ value: JSONValue) throws(SQLError) -> JSONValue
        {
            guard text[index...].starts(with: word.utf8) else { throw invalid() }
            let end = index + word.utf8.count
            if end < text.count, (text[end] | 32 >= 97 && text[end] | 32 <= 122) { throw invalid() }
            index = end
            return value
        }

        private mutating func number() throws(SQLError) -> JSONValue {
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
            guard let value = try Numeric.parse(Array(text[start..<index])) else { throw invalid() }
            return .number(value)
        }

        private mutating func array() throws(SQLError) -> JSONValue {
            index += 1
            var list: [JSONValue] = []
            skipSpaces()
            if index < text.count, text[index] == 93 {
                index += 1
                return .array(list)
            }
            while true {
                list.append(try value())
                skipSpaces()
                guard index < text.count else { throw invalid() }
                if text[index] == 93 { break }
                guard text[index] == 44 else { throw invalid() }
                index += 1
            }
            index += 1
            return .array(list)
        }

        private mutating func object() throws(SQLError) -> JSONValue {
            index += 1
            var pairs: [(key: [UInt8], value: JSONValue)] = []
            skipSpaces()
            if index < text.count, text[index] == 125 {
                index += 1
                return .object([])
            }
            while true {
                skipSpaces()
                guard index < text.count, text[index] == 34 else { throw invalid() }
                let key = try string()
                skipSpaces()
                guard index < text.count, text[index] == 58 else { throw invalid() }
                index += 1
                pairs.append((key, try value()))
                skipSpaces()
                guard index < text.count else { throw invalid() }
                if text[index] == 125 { break }
                guard text[index] == 44 else { throw invalid() }
                index += 1
            }
            index += 1
            return .object(of: pairs)
        }

        private mutating func string() throws(SQLError) -> [UInt8] {
            index += 1
            var bytes: [UInt8] = []
            while index < text.count, text[index] != 34 {
                let byte = text[index]
                if byte < 32 {
                    throw invalid(
                        "Character with value 0x\(String(byte, radix: 16)) must be escaped.")
                }
                index += 1
                guard byte == 92 else {
                    bytes.append(byte)
                    continue
                }
                guard index < text.count else { throw invalid() }
                let escaped = text[index]
                index += 1
                switch escaped {
                case 34, 92, 47: bytes.append(escaped)
                case 98: bytes.append(8)
                case 102: bytes.append(12)
                case 110: bytes.append(10)
                case 114: bytes.append(13)
                case 116: bytes.append(9)
                case 117: try unicode(&bytes)
                default: throw invalid()
                }
            }
            guard index < text.count else { throw invalid() }
            index += 1
            return bytes
        }

        private mutating func hex() throws(SQLError) -> UInt32 {
            guard index + 4 <= text.count,
                let value = UInt32(
                    String(decoding: text[index..<(index + 4)], as: UTF8.self), radix: 16)
            else { throw invalid("\"\\u\" must be followed by four hexadecimal digits.") }
            index += 4
            return value
        }

        private mutating func unicode(_ bytes: inout [UInt8]) throws(SQLError) {
            var code = try hex()
            if (0xD800..<0xDC00).contains(code), text[index...].starts(with: [92, 117]) {
                index += 2
                let low = try hex()
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
            bytes.append(contentsOf: String(Character(scalar)).utf8)
        }
    }
}
