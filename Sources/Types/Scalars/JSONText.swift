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
        var scanner = JSONScanner(text, decodes: true)
        let value = try scanner.tree()
        try scanner.end()
        return value
    }

    /// - Throws: 22P02 when the text is no JSON.
    package static func validate(_ text: [UInt8]) throws(SQLError) {
        var scanner = JSONScanner(text, decodes: false)
        _ = try scanner.value()
        try scanner.end()
    }

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
}
