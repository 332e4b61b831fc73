import Testing
import Types

@Suite struct ByteReaderTests {
    static let signed: [Int64] =
        [0, 1, -1, 63, 64, -64, -65, 127, 128, 300, -300, Int64.max, Int64.min]
        + (0..<63).flatMap { [1 << $0, -(1 << $0)] as [Int64] }

    @Test func varintsRoundTrip() throws {
        for value in Self.signed {
            var writer = ByteWriter()
            writer.writeVarint(value)
            writer.writeUnsignedVarint(UInt64(bitPattern: value))
            var reader = ByteReader(writer.bytes)
            #expect(try reader.readVarint() == value)
            #expect(try reader.readUnsignedVarint() == UInt64(bitPattern: value))
            #expect(reader.remaining == 0)
        }
    }

    static let known: [(value: UInt64, bytes: [UInt8])] = [
        (0, [0]), (127, [0x7F]), (128, [0x80, 1]), (300, [0xAC, 2]),
        (UInt64.max, [UInt8](repeating: 0xFF, count: 9) + [1]),
    ]

    @Test(arguments: known)
    func varintsHaveTheirKnownBytes(value: UInt64, bytes: [UInt8]) throws {
        var writer = ByteWriter()
        writer.writeUnsignedVarint(value)
        #expect(writer.bytes == bytes)
        for length in bytes.indices {
            #expect(throws: MalformedBytes.self, "cut at \(length)") {
                var reader = ByteReader(Array(bytes[..<length]))
                _ = try reader.readUnsignedVarint()
            }
        }
    }

    static let overlong: [[UInt8]] = [
        [UInt8](repeating: 0x80, count: 11), [UInt8](repeating: 0xFF, count: 9) + [2],
        [UInt8](repeating: 0x80, count: 10) + [0],
    ]

    @Test(arguments: overlong)
    func varintsBeyond64BitsAreRefused(bytes: [UInt8]) {
        #expect(throws: MalformedBytes("varint longer than 64 bits")) {
            var reader = ByteReader(bytes)
            _ = try reader.readUnsignedVarint()
        }
    }

    @Test func fixedWidthsAreBigEndianAndRoundTrip() throws {
        var writer = ByteWriter()
        writer.write(Int8(-2))
        writer.write(Int16(-300))
        writer.write(UInt16(60_000))
        writer.write(Int32(0x0102_0304))
        writer.write(UInt32.max)
        writer.write(Int64.min)
        writer.writeCString("é")
        writer.writeText("text")
        #expect(Array(writer.bytes[5..<9]) == [1, 2, 3, 4])
        var reader = ByteReader(writer.bytes)
        #expect(try reader.readInt8() == -2)
        #expect(try reader.readInt16() == -300)
        #expect(try reader.readUInt16() == 60_000)
        #expect(try reader.readInt32() == 0x0102_0304)
        #expect(try reader.readUInt32() == UInt32.max)
        #expect(try reader.readInt64() == Int64.min)
        #expect(try reader.readCString() == "é")
        #expect(try reader.readText() == "text")
        #expect(throws: MalformedBytes.self) { _ = try reader.readUInt8() }
    }

    @Test(arguments: [Int32(-1), 2, Int32.max])
    func countsThatTheBytesCannotHoldAreRefused(count: Int32) {
        var writer = ByteWriter()
        writer.write(count)
        writer.write(Int32(0))
        let bytes = writer.bytes
        #expect(throws: MalformedBytes.self) {
            var reader = ByteReader(bytes)
            _ = try reader.readCount(bytesEach: 4)
        }
    }

    @Test func readingStopsAtTheGivenEnd() {
        var reader = ByteReader([1, 2, 3, 0], from: 1, to: 3)
        #expect(reader.remaining == 2)
        #expect(throws: MalformedBytes.self) { _ = try reader.readCString() }
        #expect(throws: MalformedBytes.self) { try reader.skip(3) }
        #expect(throws: MalformedBytes.self) { try reader.skip(-1) }
    }
}
