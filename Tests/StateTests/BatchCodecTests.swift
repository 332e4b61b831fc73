import State
import Testing
import Types

@Suite struct BatchCodecTests {
    private static let types: [DataType.Physical] = [
        .int64, .double, .bool, .numeric, .interval, .text,
    ]

    private static let rows: [[Value]] = [
        [
            .int(Int64.min), .double(-0.5), .bool(true),
            .numeric(Numeric(coefficient: -150, scale: 2)),
            .interval(Interval(months: -1, days: 2, microseconds: 3)), .string("grüße"),
        ],
        [.null, .null, .null, .null, .null, .null],
        [
            .int(Int64.max), .double(.infinity), .bool(false), .numeric(.nan),
            .interval(Interval()),
            .string(""),
        ],
        [
            .int(0), .double(Double.leastNonzeroMagnitude), .bool(true),
            .numeric(Numeric(coefficient: Int128.max, scale: 38)), .null, .text([0, 255]),
        ],
    ]

    private static func bytes(_ batch: Batch) -> [UInt8] {
        var writer = ByteWriter()
        BatchCodec.encode(batch, to: &writer)
        return writer.bytes
    }

    @Test(arguments: [nil, [1, -1, 5, -7]] as [[Int64]?])
    func batchesRoundTrip(weights: [Int64]?) throws {
        let batch = Batch(rows: Self.rows, types: Self.types, weights: weights)
        var reader = ByteReader(Self.bytes(batch))
        let back = try BatchCodec.decode(&reader)
        #expect(reader.remaining == 0)
        #expect((0..<batch.count).map { back.row($0) } == Self.rows)
        #expect((0..<batch.count).map { back.weight($0) } == weights ?? [1, 1, 1, 1])
        #expect((back.weights == nil) == (weights == nil))
        #expect(back.columns.map(\.physical) == Self.types)
    }

    @Test func emptyBatchesRoundTrip() throws {
        for batch in [Batch.empty(Self.types), Batch(columns: [], count: 3)] {
            var reader = ByteReader(Self.bytes(batch))
            let back = try BatchCodec.decode(&reader)
            #expect(back.count == batch.count && back.columns.count == batch.columns.count)
        }
    }

    @Test func equalBatchesHaveEqualBytes() {
        let first = Batch(rows: Self.rows, types: Self.types, weights: [1, 2, 3, 4])
        let second = Batch(rows: Self.rows, types: Self.types, weights: [1, 2, 3, 4])
        #expect(Self.bytes(first) == Self.bytes(second))
    }

    @Test func aCutAnywhereIsRefused() {
        let bytes = Self.bytes(Batch(rows: Self.rows, types: Self.types, weights: [1, -1, 5, -7]))
        for length in bytes.indices {
            #expect(throws: MalformedBytes.self, "cut at \(length)") {
                var reader = ByteReader(Array(bytes[..<length]))
                _ = try BatchCodec.decode(&reader)
            }
        }
    }

    @Test func hostileCountsAreRefused() {
        for counts: (Int32, Int32) in [
            (-1, 1), (1, -1), (Int32.max, 1), (1, Int32.max), (Int32.max, 4096),
        ] {
            var writer = ByteWriter()
            writer.write(counts.0)
            writer.write(counts.1)
            writer.write(contentsOf: [0, 0, 0, 0, 0, 0])
            let bytes = writer.bytes
            #expect(throws: MalformedBytes.self, "\(counts)") {
                var reader = ByteReader(bytes)
                _ = try BatchCodec.decode(&reader)
            }
        }
    }

    @Test func numericsBeyond128BitsRoundTrip() throws {
        let texts = ["1e50", "-123456789012345678901234567890123456789012345.678", "1.5", "-1e-60"]
        let numbers = try texts.map { try #require(try Numeric.parse(Array($0.utf8))) }
        let batch = Batch(rows: numbers.map { [.numeric($0)] }, types: [.numeric])
        var writer = ByteWriter()
        BatchCodec.encode(batch, to: &writer)
        var reader = ByteReader(writer.bytes)
        let read = try BatchCodec.decode(&reader)
        #expect((0..<batch.count).map { read.row($0) } == numbers.map { [.numeric($0)] })
        for length in writer.bytes.indices {
            var cut = ByteReader(Array(writer.bytes[..<length]))
            #expect(throws: MalformedBytes.self) { _ = try BatchCodec.decode(&cut) }
        }
    }

    // MARK: - Sealed files

    @Test func sealedFilesOpen() throws {
        for body in [[], [1, 2, 3], [UInt8](repeating: 7, count: 100_000)] as [[UInt8]] {
            let sealed = SealedFile.seal(body, kind: "TEST")
            #expect(try SealedFile.open(sealed, kind: "TEST", name: "a") == body)
        }
    }

    @Test func anyDamagedByteOfASealedFileIsReported() {
        let sealed = SealedFile.seal(Array(0..<200), kind: "TEST")
        for index in sealed.indices {
            var damaged = sealed
            damaged[index] ^= 1
            #expect(throws: StorageError.self, "byte \(index)") {
                _ = try SealedFile.open(damaged, kind: "TEST", name: "a")
            }
            #expect(throws: StorageError.self, "cut at \(index)") {
                _ = try SealedFile.open(Array(sealed[..<index]), kind: "TEST", name: "a")
            }
        }
        #expect(throws: StorageError.self) {
            _ = try SealedFile.open(sealed, kind: "ELSE", name: "a")
        }
    }
}
