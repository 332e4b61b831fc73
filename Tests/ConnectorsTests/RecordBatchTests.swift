import Connectors
import Testing
import Types

@Suite struct RecordBatchTests {
    private static func record(_ delta: Int64, key: [UInt8]?, value: [UInt8]?) -> [UInt8] {
        var body = ByteWriter()
        body.write(Int8(0))
        body.writeVarint(delta * 10)
        body.writeVarint(delta)
        for part in [key, value] {
            body.writeVarint(part.map { Int64($0.count) } ?? -1)
            body.write(contentsOf: part ?? [])
        }
        // One header, which is passed over.
        body.writeVarint(1)
        body.writeVarint(1)
        body.write(contentsOf: [104])
        body.writeVarint(2)
        body.write(contentsOf: [1, 2])
        var whole = ByteWriter()
        whole.writeVarint(Int64(body.count))
        whole.write(contentsOf: body.bytes)
        return whole.bytes
    }

    private static func batch(_ records: [[UInt8]], attributes: Int16 = 0) -> [UInt8] {
        var tail = ByteWriter()
        tail.write(attributes)
        tail.write(Int32(records.count - 1))
        tail.write(Int64(1000))
        tail.write(Int64(1000 + 10 * (records.count - 1)))
        tail.write(Int64(-1))
        tail.write(Int16(-1))
        tail.write(Int32(-1))
        tail.write(Int32(records.count))
        for record in records { tail.write(contentsOf: record) }
        var whole = ByteWriter()
        whole.write(Int64(40))
        whole.write(Int32(tail.count + 9))
        whole.write(Int32(0))
        whole.write(Int8(2))
        whole.write(crc32c(tail.bytes))
        whole.write(contentsOf: tail.bytes)
        return whole.bytes
    }

    private static let sample = batch([
        record(0, key: nil, value: Array("{}".utf8)), record(1, key: [107], value: nil),
        record(2, key: [], value: []),
    ])

    @Test func aBatchHasItsRecords() throws {
        let header = try RecordBatchHeader(Self.sample)
        #expect(header.baseOffset == 40 && header.nextOffset == 43 && header.recordCount == 3)
        #expect(
            header.length == Self.sample.count && header.codec == 0 && header.maxTimestamp == 1020)
        try header.validate(Self.sample)
        var iterator = try RecordIterator(Self.sample, header)
        let bytes = iterator.bytes
        var found: [(Int64, Int64, [UInt8]?, [UInt8]?)] = []
        while let record = try iterator.next() {
            found.append(
                (
                    record.offset, record.timestamp, record.key.map { Array(bytes[$0]) },
                    record.value.map { Array(bytes[$0]) }
                ))
        }
        #expect(found.map(\.0) == [40, 41, 42])
        #expect(found.map(\.1) == [1000, 1010, 1020])
        #expect(found.map(\.2) == [nil, [107], []])
        #expect(found.map(\.3) == [Array("{}".utf8), nil, []])
    }

    @Test func aCutBatchIsRefused() {
        for length in Self.sample.indices {
            #expect(throws: MalformedBytes.self, "cut at \(length)") {
                _ = try RecordBatchHeader(Array(Self.sample[..<length]))
            }
        }
    }

    @Test func anyDamageBehindTheChecksumIsSeen() throws {
        for index in 17..<Self.sample.count {
            var damaged = Self.sample
            damaged[index] ^= 1
            let header = try RecordBatchHeader(damaged)
            let bytes = damaged
            #expect(throws: KafkaError.corruptMessage, "byte \(index)") {
                try header.validate(bytes)
            }
        }
    }

    @Test func recordsLongerThanTheBatchAreRefused() throws {
        // Each cut of the only record, under a header that fits.
        let record = Self.record(0, key: [1], value: [2, 3])
        for length in record.indices {
            let bytes = Self.batch([Array(record[..<length])])
            let header = try RecordBatchHeader(bytes)
            #expect(throws: MalformedBytes.self, "cut at \(length)") {
                var iterator = try RecordIterator(bytes, header)
                while try iterator.next() != nil {}
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [Int16])
    func bytesThatAreNotOfTheirCodecAreRefused(codec: Int16) throws {
        let bytes = Self.batch([Self.record(0, key: nil, value: [1])], attributes: codec)
        let header = try RecordBatchHeader(bytes)
        #expect(throws: MalformedBytes.self) {
            var iterator = try RecordIterator(bytes, header)
            while try iterator.next() != nil {}
        }
    }
}
