/// PostgreSQL's text form of values, both ways.
package enum TextEncoding {
    /// Appends the text of a row that is not NULL.
    package static func append(
        _ view: ColumnView, _ row: Int, _ type: DataType, to output: inout [UInt8]
    ) {
        switch type.physical {
        case .int64:
            let value = view.int64(row)
            switch type.kind {
            case .timestamp: Timestamp.append(value, to: &output)
            case .timestamptz: append(instant: value, TimeZones.rules(type.style.zone), to: &output)
            case .date: CalendarDate.append(value, to: &output)
            case .time: CalendarDate.appendTime(value, to: &output)
            default: append(integer: value, to: &output)
            }
        case .double:
            FloatText.append(
                view.double(row), single: type.kind == .float4, digits: type.style.floatDigits,
                to: &output)
        case .bool: output.append(view.bool(row) != 0 ? 116 : 102)
        case .numeric: view.numeric(row).appendText(to: &output)
        case .json: unsafe output.append(contentsOf: view.text(row))
        case .interval: view.interval(row).appendText(type.style.intervalStyle, to: &output)
        case .text:
            let bytes = unsafe view.text(row)
            switch type.kind {
            case .bytea where type.style.escapesBytes:
                for index in 0..<bytes.count { append(escaped: unsafe bytes[index], to: &output) }
            case .bytea:
                output.append(contentsOf: [92, 120])
                for index in 0..<bytes.count { append(hex: unsafe bytes[index], to: &output) }
            case .uuid:
                for index in 0..<bytes.count {
                    if [4, 6, 8, 10].contains(index) { output.append(45) }
                    append(hex: unsafe bytes[index], to: &output)
                }
            case .bpchar:
                unsafe output.append(contentsOf: bytes)
                let length = unsafe characterCount(Array(bytes))
                for _ in 0..<max(0, Int(type.modifier) - 4 - length) { output.append(32) }
            case .array:
                let array = unsafe ArrayValue(decoding: Array(bytes), type.element)
                array.appendText(type.elementType, to: &output)
            case .oidvector, .int2vector:
                let element = type.vectorArray?.element ?? .oid
                let array = unsafe ArrayValue(decoding: Array(bytes), element)
                for (index, value) in array.elements.enumerated() {
                    if index > 0 { output.append(32) }
                    append(integer: value.int ?? 0, to: &output)
                }
            default: unsafe output.append(contentsOf: bytes)
            }
        }
    }

    private static func append(hex byte: UInt8, to output: inout [UInt8]) {
        output.append(hexDigits[Int(byte >> 4)])
        output.append(hexDigits[Int(byte & 15)])
    }

    /// A byte in bytea's escape format, stricter than that of encode(): a backslash is doubled,
    /// what is no printable letter of ASCII is three octal digits (byteaout in PostgreSQL's varlena.c).
    private static func append(escaped byte: UInt8, to output: inout [UInt8]) {
        switch byte {
        case 92: output.append(contentsOf: [92, 92])
        case 32...126: output.append(byte)
        default: output.append(contentsOf: [92, 48 + byte >> 6, 48 + byte >> 3 & 7, 48 + byte & 7])
        }
    }

    /// Characters of UTF-8 text.
    package static func characterCount(_ text: [UInt8]) -> Int {
        text.reduce(0) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) }
    }

    /// The local time of an instant, and the zone's offset: `2024-03-31 03:00:00+02`.
    private static func append(
        instant: Int64, _ zone: TimeZoneRules, to output: inout [UInt8]
    ) {
        guard Timestamp.isFinite(instant) else { return Timestamp.append(instant, to: &output) }
        let local = zone.local(instant)
        let isBC = Timestamp.fields(local).year <= 0
        Timestamp.append(local, to: &output)
        if isBC { output.removeLast(3) }
        let offset = zone.offset(at: instant)
        output.append(offset < 0 ? 45 : 43)
        let size = abs(offset)
        Timestamp.appendPadded(size / 3600, width: 2, to: &output)
        if size % 3600 != 0 {
            output.append(58)
            Timestamp.appendPadded(size / 60 % 60, width: 2, to: &output)
            if size % 60 != 0 {
                output.append(58)
                Timestamp.appendPadded(size % 60, width: 2, to: &output)
            }
        }
        if isBC { output.append(contentsOf: " BC".utf8) }
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    /// Appends decimal digits.
    package static func append(integer value: Int64, to output: inout [UInt8]) {
        var magnitude = value.magnitude
        if value < 0 { output.append(45) }
        let start = output.count
        repeat {
            output.append(UInt8(48 + magnitude % 10))
            magnitude /= 10
        } while magnitude > 0
        output[start...].reverse()
    }

    /// The text of one value, as a cast to text gives it; nil for NULL.
    package static func text(_ value: Value, _ type: DataType) -> [UInt8]? {
        if value.isNull { return nil }
        var output: [UInt8] = []
        let column = Column.constant(value, type.physical, count: 1)
        append(column.view, 0, type, to: &output)
        return output
    }

    /// Whether bytes are a text: UTF-8, and no zero among them. - Throws: 22021.
    package static func checkCharacters(_ bytes: [UInt8]) throws(SQLError) {
        if !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil { return }
        throw SQLError(.characterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
    }

    /// Reads a value of `type` from its text form; `now` is what words like `today` mean.
    /// - Throws: 22P02, 22003, 22007 or 22008 as PostgreSQL's input functions do.
    package static func parse(
        _ text: [UInt8], _ type: DataType, now: TimeText.Present? = nil
    ) throws(SQLError) -> Value {
        switch type.kind {
        case .boolean:
            guard let value = parseBool(text) else { throw invalid(text, type) }
            return .bool(value)
        case .int2, .int4, .int8, .oid, .regclass, .regproc, .regtype, .regnamespace, .regrole:
            return .int(try parseInteger(text, type))
        case .float8:
            guard let value = try FloatText.parse(text) else { throw invalid(text, type) }
            return .double(value)
        case .float4:
            guard let value = try FloatText.parse(text) else { throw invalid(text, type) }
            let single = Float(value)
            let isLost = (single.isInfinite && !value.isInfinite) || (single == 0 && value != 0)
            if isLost {
                throw SQLError(
                    .numericValueOutOfRange,
                    "\"\(String(decoding: text, as: UTF8.self))\" is out of range for type real")
            }
            return .double(Double(single))
        case .numeric:
            guard let value = try Numeric.parse(text) else { throw invalid(text, type) }
            return .numeric(try value.applying(modifier: type.modifier))
        case .timestamp, .timestamptz, .date, .time: return .int(try parseTime(text, type, now))
        case .interval:
            return .interval(
                try Interval.parse(
                    text, IntervalFields(modifier: type.modifier), type.style.intervalStyle))
        case .uuid:
            guard let bytes = parseUUID(text) else { throw invalid(text, type) }
            return .text(bytes)
        case .bytea: return .text(try parseBytes(text))
        case .json:
            try JSONText.validate(text)
            return .text(text)
        case .jsonb: return .text(try JSONText.parse(text).canonical)
        case .varchar, .bpchar: return .text(try fitted(text, type))
        case .array:
            return .text(try ArrayValue(parsing: text, type.elementType).encoded(type.element))
        case .oidvector, .int2vector:
            let element = type.vectorArray?.elementType ?? .oid
            var values: [Value] = []
            for word in text.split(separator: 32) {
                values.append(.int(try parseInteger(Array(word), element)))
            }
            return .text(ArrayValue(vector: values).encoded(element.kind))
        case .name: return .text(name(text))
        case .text, .unknown, .void, .char: return .text(text)
        }
    }

    /// The text as a name: no more than 63 bytes, of whole characters.
    package static func name(_ text: [UInt8]) -> [UInt8] {
        guard text.count > nameBytes else { return text }
        var end = nameBytes
        while end > 0, text[end] & 0xC0 == 0x80 { end -= 1 }
        return Array(text[..<end])
    }

    private static let nameBytes = 63

    private static func parseTime(_ text: [UInt8], _ type: DataType, _ now: TimeText.Present?)
        throws(SQLError) -> Int64
    {
        let order = type.style.dateOrder
        let value: Int64 =
            switch type.kind {
            case .date: try TimeText.date(text, order, now: now)
            case .time: try TimeText.time(text, order, now: now)
            case .timestamp: try TimeText.timestamp(text, order, now: now)
            default:
                try TimeText.instant(text, in: TimeZones.rules(type.style.zone), order, now: now)
            }
        return TimeText.rounded(value, toDigits: type.modifier)
    }

    /// The text within the length of varchar(n) or char(n); char's trailing spaces do not count and
    /// are not kept. - Throws: 22001 when it is too long, unless only by spaces.
    package static func fitted(_ text: [UInt8], _ type: DataType, truncating: Bool = false)
        throws(SQLError) -> [UInt8]
    {
        var result = text
        if type.modifier >= 4 {
            let limit = Int(type.modifier) - 4
            if characterCount(text) > limit {
                var (count, end) = (0, 0)
                for (index, byte) in text.enumerated() {
                    if byte & 0xC0 != 0x80 { count += 1 }
                    if count > limit {
                        end = index
                        break
                    }
                }
                guard truncating || text[end...].allSatisfy({ $0 == 32 }) else {
                    throw SQLError(
                        .stringDataRightTruncation, "value too long for type \(type.name)")
                }
                result = Array(text[..<end])
            }
        }
        if type.kind == .bpchar { while result.last == 32 { result.removeLast() } }
        return result
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }

    /// 32 hex digits, a hyphen allowed behind every fourth, braces around.
    private static func parseUUID(_ text: [UInt8]) -> [UInt8]? {
        var bytes = text[...]
        if bytes.first == 123 {
            guard bytes.last == 125 else { return nil }
            bytes = bytes.dropFirst().dropLast()
        }
        var digits: [UInt8] = []
        for byte in bytes {
            if byte == 45 {
                guard digits.count % 4 == 0, !digits.isEmpty, digits.count < 32 else { return nil }
                continue
            }
            guard let value = hexValue(byte) else { return nil }
            digits.append(value)
        }
        guard digits.count == 32, bytes.last != 45 else { return nil }
        return stride(from: 0, to: 32, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// \x and hex digits, or the escape format.
    private static func parseBytes(_ text: [UInt8]) throws(SQLError) -> [UInt8] {
        var result: [UInt8] = []
        if text.starts(with: [92, 120]) {
            var high: UInt8?
            for byte in text.dropFirst(2) where byte != 32 && byte != 10 && byte != 9 {
                guard let value = hexValue(byte) else {
                    throw SQLError(
                        .invalidParameterValue,
                        "invalid hexadecimal digit: \"\(String(decoding: [byte], as: UTF8.self))\"")
                }
                if let first = high {
                    result.append(first << 4 | value)
                    high = nil
                } else {
                    high = value
                }
            }
            guard high == nil else {
                throw SQLError(
                    .invalidParameterValue, "invalid hexadecimal data: odd number of digits")
            }
            return result
        }
        var index = 0
        while index < text.count {
            if text[index] != 92 {
                result.append(text[index])
                index += 1
            } else if index + 1 < text.count, text[index + 1] == 92 {
                result.append(92)
                index += 2
            } else if index + 3 < text.count, (48...51).contains(text[index + 1]),
                (48...55).contains(text[index + 2]), (48...55).contains(text[index + 3])
            {
                result.append(
                    (text[index + 1] - 48) << 6 | (text[index + 2] - 48) << 3
                        | (text[index + 3] - 48))
                index += 4
            } else {
                throw SQLError(
                    .invalidTextRepresentation, "invalid input syntax for type bytea")
            }
        }
        return result
    }

    static func invalid(_ text: [UInt8], _ type: DataType) -> SQLError {
        SQLError(
            .invalidTextRepresentation,
            "invalid input syntax for type \(type.base.name): \"\(String(decoding: text, as: UTF8.self))\""
        )
    }

    /// PostgreSQL's spellings of true and false; nil for anything else.
    package static func parseBool(_ text: [UInt8]) -> Bool? {
        let word = String(decoding: TextScan.trimmed(text), as: UTF8.self).lowercased()
        guard !word.isEmpty else { return nil }
        switch word {
        case "on", "1": return true
        case "of", "off", "0": return false
        default: break
        }
        if "true".hasPrefix(word) || "yes".hasPrefix(word) { return true }
        if "false".hasPrefix(word) || "no".hasPrefix(word) { return false }
        return nil
    }

    /// The range of an integer type.
    package static func range(_ kind: DataType.Kind) -> ClosedRange<Int64> {
        switch kind {
        case .int2: -32768...32767
        case .int4: -2_147_483_648...2_147_483_647
        case .oid, .regclass, .regproc, .regtype, .regnamespace, .regrole: 0...4_294_967_295
        default: Int64.min...Int64.max
        }
    }

    private static func parseInteger(_ text: [UInt8], _ type: DataType) throws(SQLError) -> Int64 {
        let bytes = TextScan.trimmed(text)
        var index = 0
        var negative = false
        if index < bytes.count, bytes[index] == 45 || bytes[index] == 43 {
            negative = bytes[index] == 45
            index += 1
        }
        guard index < bytes.count else { throw invalid(text, type) }
        var value: Int64 = 0
        var overflowed = false
        while index < bytes.count {
            let byte = bytes[index]
            guard byte >= 48, byte <= 57 else { throw invalid(text, type) }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte - 48)
            let (sum, overflow2) = product.addingReportingOverflow(negative ? -digit : digit)
            overflowed = overflowed || overflow || overflow2
            value = sum
            index += 1
        }
        guard !overflowed, range(type.kind).contains(value) else {
            throw SQLError(
                .numericValueOutOfRange,
                "value \"\(String(decoding: text, as: UTF8.self))\" is out of range for type \(type.name)"
            )
        }
        return value
    }
}
