/// PostgreSQL's binary form of values, both ways (the send and receive functions of its types).
package enum BinaryEncoding {
    /// Appends the bytes of a row that is not NULL.
    package static func append(
        _ view: ColumnView, _ row: Int, _ type: DataType, to output: inout ByteWriter
    ) {
        switch type.kind {
        case .boolean: output.write(view.bool(row))
        case .int2: output.write(Int16(truncatingIfNeeded: view.int64(row)))
        case .int4, .oid, .regclass, .regproc, .regtype, .regnamespace, .regrole:
            output.write(Int32(truncatingIfNeeded: view.int64(row)))
        case .int8, .timestamp, .timestamptz, .time: output.write(view.int64(row))
        case .date: output.write(Int32(truncatingIfNeeded: view.int64(row)))
        case .jsonb:
            output.write(UInt8(1))
            unsafe output.write(contentsOf: view.text(row))
        case .array:
            let array = unsafe ArrayValue(decoding: Array(view.text(row)), type.element)
            append(array, type.elementType, to: &output)
        case .oidvector, .int2vector:
            let element = type.vectorArray?.elementType ?? .oid
            append(
                unsafe ArrayValue(decoding: Array(view.text(row)), element.kind), element,
                to: &output)
        case .bpchar:
            var text: [UInt8] = []
            TextEncoding.append(view, row, type, to: &text)
            output.write(contentsOf: text)
        case .float8: output.write(view.double(row))
        case .float4: output.write(Float(view.double(row)).bitPattern)
        case .numeric: append(view.numeric(row), to: &output)
        case .interval:
            let value = view.interval(row)
            output.write(value.microseconds)
            output.write(value.days)
            output.write(value.months)
        case .text, .unknown, .void, .name, .char, .varchar, .bytea, .uuid, .json:
            unsafe output.write(contentsOf: view.text(row))
        }
    }

    /// array_send: dimensions, whether there are NULLs, the element's type, the elements.
    private static func append(_ array: ArrayValue, _ type: DataType, to output: inout ByteWriter) {
        output.write(Int32(array.dimensions.count))
        output.write(Int32(array.elements.contains(.null) ? 1 : 0))
        output.write(type.oid)
        for (length, lower) in zip(array.dimensions, array.lowerBounds) {
            output.write(Int32(length))
            output.write(Int32(lower))
        }
        for element in array.elements {
            if element.isNull {
                output.write(Int32(-1))
                continue
            }
            let column = Column.constant(element, type.physical, count: 1)
            var bytes = ByteWriter(reserving: 16)
            withExtendedLifetime(column) { append(column.view, 0, type, to: &bytes) }
            output.write(Int32(bytes.bytes.count))
            output.write(contentsOf: bytes.bytes)
        }
    }

    private static func readArray(_ reader: inout ByteReader, _ type: DataType) throws -> Value {
        let count = Int(try reader.readInt32())
        guard count >= 0 else { throw invalid("invalid number of dimensions: \(count)") }
        guard count <= 6 else {
            throw SQLError(
                .programLimitExceeded,
                "number of array dimensions (\(count)) exceeds the maximum allowed (6)")
        }
        guard (0...1).contains(try reader.readInt32()) else { throw invalid("invalid array flags") }
        let element = try reader.readInt32()
        guard element == type.elementType.oid else {
            throw SQLError(
                .datatypeMismatch,
                "binary data has array element type \(UInt32(bitPattern: element)) instead of "
                    + "expected \(type.elementType.oid) (\(type.elementType.name))")
        }
        var array = ArrayValue()
        var total = count == 0 ? 0 : 1
        for _ in 0..<count {
            let length = Int(try reader.readInt32())
            array.lowerBounds.append(Int(try reader.readInt32()))
            array.dimensions.append(length)
            guard length >= 0, length < 1 << 27, total * max(length, 1) < 1 << 27 else {
                throw SQLError(
                    .programLimitExceeded,
                    "array size exceeds the maximum allowed (\((1 << 27) - 1))")
            }
            total *= length
        }
        if total == 0 { return .text(ArrayValue().encoded(type.element)) }
        try array.checkBounds()
        for _ in 0..<total {
            let size = Int(try reader.readInt32())
            if size == -1 {
                array.elements.append(.null)
            } else {
                guard size >= 0, size <= reader.remaining else {
                    throw invalid("insufficient data left in message")
                }
                array.elements.append(
                    try parse(try reader.readBytes(size), type.elementType))
            }
        }
        return .text(array.encoded(type.element))
    }

    private static func invalid(_ message: String) -> SQLError {
        SQLError(.invalidBinaryRepresentation, message)
    }

    private static func outOfRange(_ what: String) -> SQLError {
        SQLError(.datetimeFieldOverflow, "\(what) out of range")
    }

    /// Bytes of a text, checked. - Throws: 22021.
    private static func readText(_ reader: inout ByteReader) throws -> [UInt8] {
        let bytes = try reader.readBytes(reader.remaining)
        try TextEncoding.checkCharacters(bytes)
        return bytes
    }

    /// Digits to the base of 10,000, the least first, with so many decimal zeros put behind.
    private static func base10000(_ magnitude: UInt128, padding: Int) -> [Int16] {
        var digits: [Int16] = []
        var rest = magnitude
        if padding > 0 {
            let low = Numeric.powerOfTen(4 - padding).map { $0.magnitude } ?? 1
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: low)
            digits.append(Int16(remainder * (Numeric.powerOfTen(padding)?.magnitude ?? 1)))
            rest = quotient
        }
        while rest > 0 {
            digits.append(Int16(rest % 10000))
            rest /= 10000
        }
        return digits
    }

    /// The same of decimal digits, the first of them first.
    private static func base10000(_ decimal: [UInt8], padding: Int) -> [Int16] {
        let all = decimal + [UInt8](repeating: 0, count: padding)
        return stride(from: all.count, to: 0, by: -4).map { end in
            all[max(end - 4, 0)..<end].reduce(Int16(0)) { $0 * 10 + Int16($1) }
        }
    }

    /// numeric_send: ndigits, weight, sign, dscale, base-10000 digits.
    private static func append(_ value: Numeric, to output: inout ByteWriter) {
        var digits: [Int16] = []
        var weight = 0
        if value.isFinite, value.coefficient != 0 {
            // Align the point to a multiple of four decimal digits.
            let padding = (4 - Int(value.scale) % 4) % 4
            if value.isWide {
                digits = base10000(value.magnitude.digits, padding: padding)
            } else {
                digits = base10000(value.coefficient.magnitude, padding: padding)
            }
            weight = digits.count - 1 - (Int(value.scale) + padding) / 4
            digits.reverse()
            while digits.last == 0 { digits.removeLast() }
            while digits.first == 0 {
                digits.removeFirst()
                weight -= 1
            }
        }
        output.write(Int16(digits.count))
        output.write(Int16(digits.isEmpty ? 0 : weight))
        switch value.form {
        case .finite, .wide: output.write(UInt16(value.coefficient < 0 ? 0x4000 : 0))
        case .nan: output.write(UInt16(0xC000))
        case .infinity: output.write(UInt16(0xD000))
        case .negativeInfinity: output.write(UInt16(0xF000))
        }
        switch value.form {
        case .finite, .wide, .nan: output.write(value.scale)
        // Where PostgreSQL keeps a scale, infinities have other bits.
        case .infinity, .negativeInfinity: output.write(Int16(32))
        }
        for digit in digits { output.write(digit) }
    }

    /// Reads a value of `type` from its binary form. - Throws: 22P03.
    package static func parse(_ bytes: [UInt8], _ type: DataType) throws(SQLError) -> Value {
        do {
            var reader = ByteReader(bytes)
            let value = try read(&reader, type)
            guard reader.remaining == 0 else {
                throw SQLError(
                    .invalidBinaryRepresentation,
                    "incorrect binary data format for type \(type.name)",
                    detail: "There are \(reader.remaining) bytes too many.")
            }
            return value
        } catch let error as MalformedBytes {
            throw SQLError(
                .protocolViolation, "insufficient or invalid data for type \(type.name)",
                detail: error.reason)
        } catch let error as SQLError {
            throw error
        } catch {
            throw .internalFault("\(error)")
        }
    }

    private static func read(_ reader: inout ByteReader, _ type: DataType) throws -> Value {
        switch type.kind {
        case .boolean: return .bool(try reader.readUInt8() != 0)
        case .int2: return .int(Int64(try reader.readInt16()))
        case .int4: return .int(Int64(try reader.readInt32()))
        case .oid, .regclass, .regproc, .regtype, .regnamespace, .regrole:
            return .int(Int64(try reader.readUInt32()))
        case .int8: return .int(try reader.readInt64())
        case .timestamp, .timestamptz:
            let value = try Timestamp.checked(try reader.readInt64())
            return .int(TimeText.rounded(value, toDigits: type.modifier))
        case .time:
            let value = try reader.readInt64()
            guard (0...Timestamp.microsecondsPerDay).contains(value) else {
                throw outOfRange("time")
            }
            return .int(TimeText.rounded(value, toDigits: type.modifier))
        case .date:
            let value = Int64(try reader.readInt32())
            guard CalendarDate.inRange(value) || !CalendarDate.isFinite(value) else {
                throw outOfRange("date")
            }
            return .int(value)
        case .uuid: return .text(try reader.readBytes(16))
        case .array: return try readArray(&reader, type)
        case .oidvector, .int2vector:
            return try readArray(&reader, type.vectorArray ?? .array(of: .oid))
        case .jsonb:
            let version = try reader.readUInt8()
            guard version == 1 else {
                throw SQLError(.internalError, "unsupported jsonb version number \(version)")
            }
            return try TextEncoding.parse(try readText(&reader), type)
        case .json, .bpchar, .varchar: return try TextEncoding.parse(try readText(&reader), type)
        case .float8: return .double(Double(bitPattern: UInt64(bitPattern: try reader.readInt64())))
        case .float4: return .double(Double(Float(bitPattern: try reader.readUInt32())))
        case .numeric: return .numeric(try readNumeric(&reader).applying(modifier: type.modifier))
        case .interval:
            let microseconds = try reader.readInt64()
            let days = try reader.readInt32()
            let value = Interval(
                months: try reader.readInt32(), days: days, microseconds: microseconds)
            return .interval(IntervalFields(modifier: type.modifier).applied(to: value))
        case .bytea: return .text(try reader.readBytes(reader.remaining))
        case .name: return .text(TextEncoding.name(try readText(&reader)))
        case .text, .unknown, .void, .char: return .text(try readText(&reader))
        }
    }

    private static func readNumeric(_ reader: inout ByteReader) throws -> Numeric {
        let count = Int(try reader.readInt16())
        let weight = Int(try reader.readInt16())
        let sign = try reader.readUInt16()
        let scale = Int(try reader.readInt16())
        guard [0, 0x4000, 0xC000, 0xD000, 0xF000].contains(sign) else {
            throw invalid("invalid sign in external \"numeric\" value")
        }
        guard count >= 0 else { throw MalformedBytes("\(count) digits") }
        guard (0...16383).contains(scale) else {
            throw invalid("invalid scale in external \"numeric\" value")
        }
        var digits: [UInt8] = []
        for _ in 0..<count {
            let digit = try reader.readInt16()
            guard digit >= 0, digit < 10000 else {
                throw invalid("invalid digit in external \"numeric\" value")
            }
            for place: Int16 in [1000, 100, 10, 1] { digits.append(UInt8(digit / place % 10)) }
        }
        switch sign {
        case 0xC000: return .nan
        case 0xD000: return .infinity
        case 0xF000: return .negativeInfinity
        default: break
        }
        // Digits behind the scale are cut off, as numeric_recv does.
        let given = 4 * (count - 1 - weight)
        if given > 0 {
            let drop = max(given - scale, 0)
            digits.removeLast(min(drop, digits.count))
        }
        let exact = try Numeric(
            isNegative: sign == 0x4000, digits: digits, scale: given > 0 ? min(given, scale) : given
        )
        return try exact.rounded(to: scale)
    }
}
