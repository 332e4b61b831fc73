/// Why bytes from outside could not be read.
package struct MalformedBytes: Error, Hashable, Sendable {
    package let reason: String

    package init(_ reason: String) { self.reason = reason }
}

/// Reads integers and strings from bytes of unknown origin; every read is bounds-checked.
///
/// Big-endian unless the name says otherwise, as both wire protocols are.
package struct ByteReader {
    package let bytes: [UInt8]
    /// Index of the next byte to read.
    package private(set) var position: Int
    package let end: Int

    package init(_ bytes: [UInt8], from: Int = 0, to: Int? = nil) {
        self.bytes = bytes
        position = from
        end = min(to ?? bytes.count, bytes.count)
    }

    package var remaining: Int { end - position }

    /// Fails unless `count` more bytes are there.
    package func require(_ count: Int) throws(MalformedBytes) {
        guard count >= 0, remaining >= count else {
            throw MalformedBytes("\(count) bytes wanted at \(position), \(remaining) left")
        }
    }

    /// Passes over bytes.
    package mutating func skip(_ count: Int) throws(MalformedBytes) {
        try require(count)
        position += count
    }

    /// One byte.
    package mutating func readUInt8() throws(MalformedBytes) -> UInt8 {
        try require(1)
        defer { position += 1 }
        return bytes[position]
    }

    /// One byte, signed.
    package mutating func readInt8() throws(MalformedBytes) -> Int8 {
        Int8(bitPattern: try readUInt8())
    }

    private mutating func readBigEndian(_ width: Int) throws(MalformedBytes) -> UInt64 {
        try require(width)
        var value: UInt64 = 0
        for offset in 0..<width { value = value << 8 | UInt64(bytes[position + offset]) }
        position += width
        return value
    }

    /// Two bytes, signed.
    package mutating func readInt16() throws(MalformedBytes) -> Int16 {
        Int16(truncatingIfNeeded: try readBigEndian(2))
    }

    /// Two bytes.
    package mutating func readUInt16() throws(MalformedBytes) -> UInt16 {
        UInt16(truncatingIfNeeded: try readBigEndian(2))
    }

    /// Four bytes, signed.
    package mutating func readInt32() throws(MalformedBytes) -> Int32 {
        Int32(truncatingIfNeeded: try readBigEndian(4))
    }

    /// Four bytes.
    package mutating func readUInt32() throws(MalformedBytes) -> UInt32 {
        UInt32(truncatingIfNeeded: try readBigEndian(4))
    }

    /// Eight bytes, signed.
    package mutating func readInt64() throws(MalformedBytes) -> Int64 {
        Int64(bitPattern: try readBigEndian(8))
    }

    /// So many bytes, copied.
    package mutating func readBytes(_ count: Int) throws(MalformedBytes) -> [UInt8] {
        try require(count)
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    /// What `readCString` throws for bytes that are no text.
    package static let notUTF8 = MalformedBytes("string is not UTF-8")

    /// Bytes up to a zero byte, as text; the zero is consumed.
    package mutating func readCString() throws(MalformedBytes) -> String {
        var index = position
        while index < end, bytes[index] != 0 { index += 1 }
        guard index < end else { throw MalformedBytes("string without its final zero") }
        guard let text = String(validating: bytes[position..<index], as: UTF8.self) else {
            throw ByteReader.notUTF8
        }
        position = index + 1
        return text
    }

    /// LEB128, at most 10 bytes.
    package mutating func readUnsignedVarint() throws(MalformedBytes) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try readUInt8()
            if shift == 63, byte > 1 { throw MalformedBytes("varint longer than 64 bits") }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { throw MalformedBytes("varint longer than 64 bits") }
        }
    }

    /// Zigzag LEB128.
    package mutating func readVarint() throws(MalformedBytes) -> Int64 {
        let raw = try readUnsignedVarint()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// A count that sizes an allocation: refuses more than what the bytes left could hold.
    package mutating func readCount(bytesEach: Int = 1) throws(MalformedBytes) -> Int {
        let count = Int(try readInt32())
        guard count >= 0, count <= remaining / max(bytesEach, 1) else {
            throw MalformedBytes("count of \(count) with \(remaining) bytes left")
        }
        return count
    }

    /// UTF-8 text behind a 32-bit length.
    package mutating func readText() throws(MalformedBytes) -> String {
        let bytes = try readBytes(try readCount())
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw MalformedBytes("text is not UTF-8")
        }
        return text
    }
}
