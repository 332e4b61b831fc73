import Testing
import Types

@Suite struct BinaryEncodingTests {
    private static func encoded(_ value: Value, _ type: DataType) -> [UInt8] {
        let column = Column.constant(value, type.physical, count: 1)
        var writer = ByteWriter()
        BinaryEncoding.append(column.view, 0, type, to: &writer)
        return withExtendedLifetime(column) { writer.bytes }
    }

    private static func wide(_ text: String) -> Value {
        (try? Numeric.parse(Array(text.utf8))).flatMap { $0.map(Value.numeric) } ?? .null
    }

    static let values: [(type: DataType, value: Value)] = [
        (.boolean, .bool(true)), (.boolean, .bool(false)), (.int2, .int(-32768)),
        (.int2, .int(32767)),
        (.int4, .int(-2_147_483_648)), (.int4, .int(7)), (.int8, .int(Int64.min)),
        (.int8, .int(Int64.max)),
        (.oid, .int(4_294_967_295)), (.float8, .double(-0.5)), (.float8, .double(.infinity)),
        (.float8, .double(Double.leastNonzeroMagnitude)), (DataType(.float4), .double(0.25)),
        (.timestamp, .int(-1)),
        (.timestamp, .int(Int64.max)), (.text, .string("grüße")), (.text, .text([])),
        (.bytea, .text([0, 255, 128])),
        (.numeric, .numeric(.nan)), (.numeric, wide("-1e50")), (.numeric, wide("1e-50")),
        (.numeric, wide("12345678901234567890123456789012345678901234.56789")),
        (.numeric, wide("99999999999999999999999999999999999.99999999")),
        (.interval, .interval(Interval(months: -1, days: 2, microseconds: -3))),
    ]

    @Test(arguments: values)
    func valuesRoundTrip(type: DataType, value: Value) throws {
        #expect(try BinaryEncoding.parse(Self.encoded(value, type), type) == value)
    }

    @Test(arguments: values)
    func aCutValueIsRefused(type: DataType, value: Value) {
        let bytes = Self.encoded(value, type)
        guard type.physical != .text else { return }
        for length in bytes.indices {
            #expect(throws: SQLError.self) {
                _ = try BinaryEncoding.parse(Array(bytes[..<length]), type)
            }
        }
        #expect(throws: SQLError.self) { _ = try BinaryEncoding.parse(bytes + [0], type) }
    }

    // What PostgreSQL's numeric_send gives: digits, weight, sign, display scale, base-10000 digits.
    static let numerics: [(text: String, words: [UInt16])] = [
        ("0", [0, 0, 0, 0]), ("0.00", [0, 0, 0, 2]), ("1", [1, 0, 0, 0, 1]),
        ("-1.5", [2, 0, 0x4000, 1, 1, 5000]), ("10000", [1, 1, 0, 0, 1]),
        ("0.0001", [1, 0xFFFF, 0, 4, 1]),
        ("12345678.90", [3, 1, 0, 2, 1234, 5678, 9000]), ("0.00001", [1, 0xFFFE, 0, 5, 1000]),
        ("100000000", [1, 2, 0, 0, 1]), ("123456", [2, 1, 0, 0, 12, 3456]),
        ("1.0", [1, 0, 0, 1, 1]),
        ("NaN", [0, 0, 0xC000, 0]),
    ]

    @Test(arguments: numerics)
    func numericsHavePostgresBytes(text: String, words: [UInt16]) throws {
        let number = try #require(try Numeric.parse(Array(text.utf8)))
        var expected = ByteWriter()
        for word in words { expected.write(word) }
        #expect(Self.encoded(.numeric(number), .numeric) == expected.bytes)
        #expect(try BinaryEncoding.parse(expected.bytes, .numeric) == .numeric(number))
    }

    @Test(arguments: [
        "Infinity", "-Infinity", "99999999999999999999999999999999999999",
        "-0.00000000000000000000000000000000000001",
        "1234567.1234567", "-10000.0000", "0.1", "0.12", "0.123", "0.1234", "0.12345",
    ])
    func numericsRoundTrip(text: String) throws {
        let value = Value.numeric(try #require(try Numeric.parse(Array(text.utf8))))
        #expect(try BinaryEncoding.parse(Self.encoded(value, .numeric), .numeric) == value)
    }

    static let malformed: [[UInt16]] = [
        [1, 0, 0, 0], [1, 0, 0, 0, 10000], [1, 0, 0x1234, 0, 1], [0xFFFF, 0, 0, 0], [41, 0, 0, 0],
        [0, 0, 0, 0xFFFF],
    ]

    @Test(arguments: malformed)
    func malformedNumericsAreRefused(words: [UInt16]) {
        var writer = ByteWriter()
        for word in words { writer.write(word) }
        let bytes = writer.bytes
        #expect(throws: SQLError.self) { _ = try BinaryEncoding.parse(bytes, .numeric) }
    }

    @Test func textThatIsNotUTF8IsRefused() {
        #expect(
            throws: SQLError(
                .characterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
        ) {
            _ = try BinaryEncoding.parse([0xC3], .text)
        }
    }
}
