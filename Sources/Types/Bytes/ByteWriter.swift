/// Appends integers and strings to a growing array; the mirror of `ByteReader`.
package struct ByteWriter {
    package var bytes: [UInt8] = []

    package init(reserving capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    package var count: Int { bytes.count }

    /// One byte.
    package mutating func write(_ value: UInt8) { bytes.append(value) }

    /// One byte, signed.
    package mutating func write(_ value: Int8) { bytes.append(UInt8(bitPattern: value)) }

    /// 1 or 0.
    package mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

    private mutating func writeBigEndian(_ value: UInt64, width: Int) {
        var shift = UInt64(width * 8)
        while shift > 0 {
            shift -= 8
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Two bytes, signed.
    package mutating func write(_ value: Int16) {
        writeBigEndian(UInt64(truncatingIfNeeded: value), width: 2)
    }

    /// Two bytes.
    package mutating func write(_ value: UInt16) { writeBigEndian(UInt64(value), width: 2) }

    /// Four bytes, signed.
    package mutating func write(_ value: Int32) {
        writeBigEndian(UInt64(truncatingIfNeeded: value), width: 4)
    }

    /// Four bytes.
    package mutating func write(_ value: UInt32) { writeBigEndian(UInt64(value), width: 4) }

    /// Eight bytes, signed.
    package mutating func write(_ value: Int64) {
        writeBigEndian(UInt64(bitPattern: value), width: 8)
    }

    /// Eight bytes.
    package mutating func write(_ value: UInt64) { writeBigEndian(value, width: 8) }

    /// The bits of a double.
    package mutating func write(_ value: Double) { write(value.bitPattern) }

    /// Bytes as they are.
    package mutating func write(contentsOf other: some Sequence<UInt8>) {
        bytes.append(contentsOf: other)
    }

    /// UTF-8 and a zero byte.
    package mutating func writeCString(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        bytes.append(0)
    }

    /// UTF-8 behind a 32-bit length.
    package mutating func writeText(_ text: String) {
        write(Int32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// LEB128.
    package mutating func writeUnsignedVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Zigzag LEB128.
    package mutating func writeVarint(_ value: Int64) {
        writeUnsignedVarint(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    /// Overwrites four bytes at `index`, for lengths that are known only afterwards.
    package mutating func patch(_ value: Int32, at index: Int) {
        let raw = UInt32(bitPattern: value)
        for offset in 0..<4 {
            bytes[index + offset] = UInt8(truncatingIfNeeded: raw >> UInt32(24 - offset * 8))
        }
    }
}
