/// An array of PostgreSQL: elements in row-major order, lengths and lower bounds of its dimensions.
///
/// In columns it is a byte string whose order is the order of arrays in SQL: the elements as order
/// keys, an end mark, then the dimensions, then what order keys leave out of the elements' images.
package struct ArrayValue: Hashable, Sendable {
    package var elements: [Value] = []
    package var dimensions: [Int] = []
    package var lowerBounds: [Int] = []

    package init() {}

    /// One dimension, counted from 1; no dimension when empty.
    package init(_ elements: [Value]) {
        self.elements = elements
        if !elements.isEmpty {
            dimensions = [elements.count]
            lowerBounds = [1]
        }
    }

    /// int2vector's and oidvector's: one dimension, counted from 0, even when it is empty.
    package init(vector elements: [Value]) {
        self.elements = elements
        dimensions = [elements.count]
        lowerBounds = [0]
    }

    /// The number behind the last of each dimension has to fit, too (ArrayCheckBounds). - Throws: 54000.
    package func checkBounds() throws(SQLError) {
        for (length, lower) in zip(dimensions, lowerBounds) where lower + length > Int(Int32.max) {
            throw SQLError(.programLimitExceeded, "array lower bound is too large: \(lower)")
        }
    }

    // MARK: - Bytes

    /// An element of jsonb is there as its text: an order key could not be read back.
    private static func physical(_ element: DataType.Kind) -> DataType.Physical {
        element == .jsonb ? .text : DataType(element).physical
    }

    package func encoded(_ element: DataType.Kind) -> [UInt8] {
        var output: [UInt8] = []
        let physical = ArrayValue.physical(element)
        for value in elements {
            let column = Column.constant(value, physical, count: 1)
            withExtendedLifetime(column) { OrderKey.append(column.view, 0, to: &output) }
        }
        output.append(0)
        output.append(UInt8(dimensions.count))
        for (length, lower) in zip(dimensions, lowerBounds) {
            OrderKey.append(Int64(length), to: &output)
            OrderKey.append(Int64(lower), to: &output)
        }
        for value in elements {
            switch value {
            case .double(let double): output.append(double.sign == .minus && double == 0 ? 1 : 0)
            case .numeric(let numeric): OrderKey.append(Int64(numeric.scale), to: &output)
            case .interval(let interval):
                OrderKey.append(Int64(interval.months), to: &output)
                OrderKey.append(Int64(interval.days), to: &output)
                OrderKey.append(interval.microseconds, to: &output)
            case .null, .bool, .int, .text: break
            }
        }
        return output
    }

    /// The inverse of `encoded`; bytes that it has not made give an empty array.
    package init(decoding bytes: [UInt8], _ element: DataType.Kind) {
        let physical = ArrayValue.physical(element)
        var reader = OrderKeyReader(bytes)
        while let marker = reader.byte(), marker != 0 {
            elements.append(marker == 1 ? reader.value(physical) : .null)
        }
        let count = Int(reader.byte() ?? 0)
        for _ in 0..<min(count, 6) {
            dimensions.append(Int(reader.int64()))
            lowerBounds.append(Int(reader.int64()))
        }
        let product = dimensions.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
        guard
            elements.isEmpty
                || (product == elements.count && !dimensions.isEmpty
                    && dimensions.allSatisfy { $0 > 0 })
        else {
            self = ArrayValue()
            return
        }
        for index in elements.indices {
            switch elements[index] {
            case .double:
                if reader.byte() == 1 { elements[index] = .double(-0.0) }
            case .numeric(let numeric):
                let scale = Int(truncatingIfNeeded: reader.int64())
                let exact = try? numeric.rounded(to: max(0, min(scale, 16383)))
                if numeric.isFinite, let exact { elements[index] = .numeric(exact) }
            case .interval:
                let months = Int32(truncatingIfNeeded: reader.int64())
                let days = Int32(truncatingIfNeeded: reader.int64())
                elements[index] = .interval(
                    Interval(months: months, days: days, microseconds: reader.int64()))
            case .null, .bool, .int, .text: break
            }
        }
    }

    // MARK: - Text

    /// {1,2,{…}}, with the bounds in front when one is not 1.
    package func appendText(_ type: DataType, to output: inout [UInt8]) {
        if elements.isEmpty { return output.append(contentsOf: "{}".utf8) }
        if lowerBounds.contains(where: { $0 != 1 }) {
            for (length, lower) in zip(dimensions, lowerBounds) {
                output.append(contentsOf: "[\(lower):\(lower + length - 1)]".utf8)
            }
            output.append(61)
        }
        var next = 0
        appendDimension(0, &next, type, to: &output)
    }

    private func appendDimension(
        _ depth: Int, _ next: inout Int, _ type: DataType, to output: inout [UInt8]
    ) {
        output.append(123)
        for index in 0..<dimensions[depth] {
            if index > 0 { output.append(44) }
            if depth + 1 < dimensions.count {
                appendDimension(depth + 1, &next, type, to: &output)
            } else {
                ArrayValue.append(elements[next], type, to: &output)
                next += 1
            }
        }
        output.append(125)
    }

    private static func append(_ value: Value, _ type: DataType, to output: inout [UInt8]) {
        guard let text = TextEncoding.text(value, type) else {
            return output.append(contentsOf: "NULL".utf8)
        }
        let needsQuotes =
            text.isEmpty || String(decoding: text, as: UTF8.self).uppercased() == "NULL"
            || text.contains { byte in
                byte == 34 || byte == 92 || byte == 123 || byte == 125 || byte == 44
                    || TextScan.isSpace(byte)
            }
        guard needsQuotes else { return output.append(contentsOf: text) }
        output.append(34)
        for byte in text {
            if byte == 34 || byte == 92 { output.append(92) }
            output.append(byte)
        }
        output.append(34)
    }

    /// Reads array_in's text. - Throws: 22P02, and what the element's own text throws.
    package init(parsing text: [UInt8], _ type: DataType) throws(SQLError) {
        var parser = ArrayParser(text: text, type: type)
        self = try parser.parse()
    }
}

/// Walks over the bytes of order keys.
private struct OrderKeyReader {
    let bytes: [UInt8]
    var index = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func byte() -> UInt8? {
        guard index < bytes.count else { return nil }
        index += 1
        return bytes[index - 1]
    }

    private mutating func word() -> UInt64 {
        var bits: UInt64 = 0
        for _ in 0..<8 { bits = bits << 8 | UInt64(byte() ?? 0) }
        return bits
    }

    mutating func int64() -> Int64 { Int64(bitPattern: word() ^ (1 << 63)) }

    mutating func value(_ physical: DataType.Physical) -> Value {
        switch physical {
        case .int64: return .int(int64())
        case .bool: return .bool(byte() == 1)
        case .double:
            let bits = word()
            return .double(Double(bitPattern: bits >> 63 == 1 ? bits & ~(1 << 63) : ~bits))
        case .interval:
            _ = word()
            _ = word()
            return .interval(Interval())
        case .numeric: return .numeric(numeric())
        case .text, .json:
            var text: [UInt8] = []
            while let next = byte() {
                if next == 0, byte() != 255 { break }
                text.append(next)
            }
            return .text(text)
        }
    }

    private mutating func numeric() -> Numeric {
        let sign = byte() ?? 2
        switch sign {
        case 0: return .negativeInfinity
        case 4: return .infinity
        case 5: return .nan
        case 2: return .zero
        default: break
        }
        let flip: UInt8 = sign == 1 ? 255 : 0
        func next() -> Int { Int((byte() ?? 0) ^ flip) }
        var exponent = next() << 8 | next()
        if exponent == 65535 { exponent = next() << 16 | next() << 8 | next() }
        var digits: [UInt8] = []
        while let digit = byte(), digit ^ flip != 0 { digits.append((digit ^ flip) &- 1) }
        let scale = digits.count - (exponent - 32768)
        // What `encoded` has written is within the limits.
        return (try? Numeric(isNegative: sign == 1, digits: digits, scale: scale)) ?? .nan
    }
}

/// array_in.
private struct ArrayParser {
    let text: [UInt8]
    let type: DataType
    var index = 0
    var array = ArrayValue()

    init(text: [UInt8], type: DataType) {
        self.text = text
        self.type = type
    }

    private func malformed(_ detail: String) -> SQLError {
        SQLError(
            .invalidTextRepresentation,
            "malformed array literal: \"\(String(decoding: text, as: UTF8.self))\"", detail: detail)
    }

    private mutating func skipSpaces() {
        while index < text.count, TextScan.isSpace(text[index]) { index += 1 }
    }

    private mutating func number() -> Int? {
        let start = index
        if index < text.count, text[index] == 45 || text[index] == 43 { index += 1 }
        while index < text.count, text[index] >= 48, text[index] <= 57 { index += 1 }
        return Int(String(decoding: text[start..<index], as: UTF8.self))
    }

    mutating func parse() throws(SQLError) -> ArrayValue {
        var bounds: [(Int, Int)] = []
        skipSpaces()
        while index < text.count, text[index] == 91 {
            index += 1
            guard let first = number() else { throw malformed("Missing array dimension value.") }
            var (lower, upper) = (1, first)
            if index < text.count, text[index] == 58 {
                index += 1
                guard let second = number() else {
                    throw malformed("Missing array dimension value.")
                }
                (lower, upper) = (first, second)
            }
            guard index < text.count, text[index] == 93 else { throw malformed("Missing \"]\".") }
            index += 1
            guard upper >= lower else {
                throw SQLError(
                    SQLState.external("2202E"), "upper bound cannot be less than lower bound")
            }
            guard Int32(exactly: lower) != nil, Int32(exactly: upper) != nil else {
                throw SQLError(.programLimitExceeded, "array bound is out of integer range")
            }
            bounds.append((lower, upper - lower + 1))
            skipSpaces()
        }
        if !bounds.isEmpty {
            guard index < text.count, text[index] == 61 else {
                throw malformed("Missing \"=\" after array dimensions.")
            }
            index += 1
            skipSpaces()
        }
        guard index < text.count, text[index] == 123 else {
            throw malformed(
                "Array value must start with \"{\" or dimension information.")
        }
        try dimension(0)
        skipSpaces()
        guard index == text.count else { throw malformed("Junk after closing right brace.") }
        if array.elements.isEmpty {
            array.dimensions = []
            array.lowerBounds = []
        } else {
            array.lowerBounds = array.dimensions.map { _ in 1 }
            if !bounds.isEmpty {
                guard bounds.map(\.1) == array.dimensions else {
                    throw malformed("Specified array dimensions do not match array contents.")
                }
                array.lowerBounds = bounds.map(\.0)
                try array.checkBounds()
            }
        }
        return array
    }

    private mutating func dimension(_ depth: Int) throws(SQLError) {
        guard depth < 6 else {
            throw SQLError(
                .programLimitExceeded,
                "number of array dimensions (7) exceeds the maximum allowed (6)")
        }
        index += 1
        var count = 0
        skipSpaces()
        if index < text.count, text[index] == 125 {
            index += 1
            if depth == 0 { return }
            throw malformed("Unexpected \"}\" character.")
        }
        while true {
            skipSpaces()
            guard index < text.count else { throw malformed("Unexpected end of input.") }
            if text[index] == 123 {
                guard array.elements.isEmpty || array.dimensions.count > depth + 1 else {
                    throw malformed("Unexpected array element.")
                }
                try dimension(depth + 1)
            } else {
                if array.dimensions.count > depth + 1 {
                    throw malformed("Unexpected array element.")
                }
                try element()
            }
            count += 1
            skipSpaces()
            guard index < text.count else { throw malformed("Unexpected end of input.") }
            if text[index] == 44 {
                index += 1
                continue
            }
            guard text[index] == 125 else { throw malformed("Unexpected array element.") }
            index += 1
            break
        }
        if array.dimensions.count <= depth {
            while array.dimensions.count <= depth { array.dimensions.append(0) }
        }
        if array.dimensions[depth] == 0 {
            array.dimensions[depth] = count
        } else if array.dimensions[depth] != count {
            throw malformed(
                "Multidimensional arrays must have sub-arrays with matching dimensions.")
        }
    }

    private mutating func element() throws(SQLError) {
        var bytes: [UInt8] = []
        // What stands behind a backslash is itself: no space to cut off, no part of NULL.
        var wasQuoted = false
        var kept = 0
        if text[index] == 34 {
            wasQuoted = true
            index += 1
            while index < text.count, text[index] != 34 {
                if text[index] == 92, index + 1 < text.count { index += 1 }
                bytes.append(text[index])
                index += 1
            }
            guard index < text.count else { throw malformed("Unexpected end of input.") }
            index += 1
        } else {
            while index < text.count, ![44, 125, 123, 34].contains(text[index]) {
                let isEscaped = text[index] == 92 && index + 1 < text.count
                if isEscaped { index += 1 }
                bytes.append(text[index])
                index += 1
                if isEscaped {
                    kept = bytes.count
                    wasQuoted = true
                }
            }
            while bytes.count > kept, let last = bytes.last, TextScan.isSpace(last) {
                bytes.removeLast()
            }
            if bytes.isEmpty { throw malformed("Unexpected \"}\" character.") }
        }
        if !wasQuoted, String(decoding: bytes, as: UTF8.self).uppercased() == "NULL" {
            array.elements.append(.null)
        } else {
            array.elements.append(try TextEncoding.parse(bytes, type))
        }
        guard array.elements.count <= 1 << 24 else {
            throw SQLError(.programLimitExceeded, "array size exceeds the maximum allowed")
        }
    }
}
