import Testing
import Types

@Suite struct NumericTests {
    private static func number(_ text: String) throws -> Numeric {
        try #require(try Numeric.parse(Array(text.utf8)), "\(text) is a number")
    }

    @Test(arguments: [
        "0", "0.00", "1", "-1", "1.0", "1.00", "-0.001", "12345678901234567890123456789012345678",
        "-99999999999999999999999999999999999999", "0.00000000000000000000000000000000000001",
        "18446744073709551616.5", "1000000000000000000.000000000000000001", "NaN", "Infinity",
        "-Infinity", "170141183460469231731687303715884105727",
        "-170141183460469231731687303715884105728", "100000000000000000000000000000000000000000.50",
        "0.00000000000000000000000000000000000000000000000001",
    ])
    func textRoundTripsWithItsScale(text: String) throws {
        #expect(try Self.number(text).text == text)
    }

    static let spellings: [(input: String, text: String)] = [
        (" 1.5 ", "1.5"), ("+7", "7"), ("-0", "0"), ("-0.0", "0.0"), (".5", "0.5"), ("5.", "5"),
        ("1e3", "1000"),
        ("1.5e1", "15"), ("1.25e-3", "0.00125"), ("12E+2", "1200"), ("nan", "NaN"),
        ("inf", "Infinity"),
        ("-inf", "-Infinity"), ("+infinity", "Infinity"), ("0007", "7"),
    ]

    @Test(arguments: spellings)
    func otherSpellingsAreRead(input: String, text: String) throws {
        #expect(try Self.number(input).text == text)
    }

    @Test(arguments: ["", " ", "abc", "1x", "1.2.3", "--1", "1e", "e5", ".", "+", "- 1", "1 2"])
    func otherTextsAreNoNumbers(text: String) throws {
        #expect(try Numeric.parse(Array(text.utf8)) == nil)
    }

    @Test func tooManyDigitsAreOutOfRange() {
        #expect(throws: SQLError.self) {
            _ = try Numeric.parse(Array(String(repeating: "9", count: 131_073).utf8))
        }
        #expect(throws: SQLError.self) { _ = try Numeric.parse(Array("1e-16384".utf8)) }
    }

    /// Numbers around the ends of 128 bits, and longer ones.
    private static func random(_ random: inout some RandomNumberGenerator) throws -> Numeric {
        let length = Int.random(in: 1...60, using: &random)
        let digits = (0..<length).map { _ in String(Int.random(in: 0...9, using: &random)) }
        let exponent = Int.random(in: -30...5, using: &random)
        let sign = Bool.random(using: &random) ? "-" : ""
        return try number(sign + digits.joined() + "e\(exponent)")
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func arithmeticIsExactWhateverTheLength(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        for _ in 0..<500 {
            let (a, b) = (try Self.random(&generator), try Self.random(&generator))
            let c = try Self.random(&generator)
            // (a + b) - b, (a + b) × c = a × c + b × c
            let sum = try Numeric.add(a, b)
            #expect(Numeric.compare(try Numeric.subtract(sum, b), a) == 0, "\(a.text), \(b.text)")
            let left = try Numeric.multiply(sum, c)
            let right = try Numeric.add(try Numeric.multiply(a, c), try Numeric.multiply(b, c))
            #expect(left == right, "seed \(seed): \(a.text), \(b.text), \(c.text)")
            #expect(left.canonical == right.canonical)
            if b.signum != 0 {
                // a = whole × b + rest
                let rest = try Numeric.remainder(a, b)
                let whole = try Numeric.divide(try Numeric.subtract(a, rest), b, scale: 0)
                let back = try Numeric.add(try Numeric.multiply(whole, b), rest)
                #expect(Numeric.compare(back, a) == 0, "seed \(seed): \(a.text) by \(b.text)")
            }
            #expect(try Self.number(left.text) == left)
        }
    }

    // Results as PostgreSQL 15 prints them.
    static let sums: [(left: String, right: String, sum: String, product: String)] = [
        ("1", "2", "3", "2"), ("1.0", "2.00", "3.00", "2.000"), ("0.1", "0.2", "0.3", "0.02"),
        ("-1.5", "1.5", "0.0", "-2.25"),
        ("99999999", "0.00000001", "99999999.00000001", "0.99999999"),
        ("0.00", "0", "0.00", "0.00"),
    ]

    @Test(arguments: sums)
    func sumsAndProductsAreExact(left: String, right: String, sum: String, product: String) throws {
        let (a, b) = (try Self.number(left), try Self.number(right))
        #expect(try Numeric.add(a, b).text == sum)
        #expect(try Numeric.add(b, a).text == sum)
        #expect(try Numeric.multiply(a, b).text == product)
        #expect(try Numeric.compare(Numeric.subtract(Numeric.add(a, b), b), a) == 0)
    }

    static let quotients: [(left: String, right: String, quotient: String)] = [
        ("1", "3", "0.33333333333333333333"), ("2", "3", "0.66666666666666666667"),
        ("-2", "3", "-0.66666666666666666667"), ("10", "2", "5.0000000000000000"),
        ("1", "10000", "0.000100000000000000000000"), ("10000", "3", "3333.3333333333333333"),
        ("100000", "7", "14285.714285714286"), ("1", "7", "0.14285714285714285714"),
        ("22", "7", "3.1428571428571429"), ("0", "5", "0.00000000000000000000"),
        ("1.0", "3", "0.33333333333333333333"), ("5", "0.2", "25.0000000000000000"),
    ]

    @Test(arguments: quotients)
    func quotientsHavePostgresScales(left: String, right: String, quotient: String) throws {
        #expect(try Numeric.divide(Self.number(left), Self.number(right)).text == quotient)
    }

    static let remainders: [(left: String, right: String, remainder: String)] = [
        ("7", "3", "1"), ("-7", "3", "-1"), ("7", "-3", "1"), ("5.5", "2", "1.5"),
        ("1.00", "0.3", "0.10"),
        ("5", "Infinity", "5"), ("Infinity", "5", "NaN"),
    ]

    @Test(arguments: remainders)
    func remaindersHaveTheDividendsSign(left: String, right: String, remainder: String) throws {
        #expect(try Numeric.remainder(Self.number(left), Self.number(right)).text == remainder)
    }

    @Test(arguments: ["0", "0.00"])
    func divisionByZeroIsAnError(zero: String) throws {
        let (one, none) = (try Self.number("1"), try Self.number(zero))
        #expect(throws: SQLError(.divisionByZero, "division by zero")) {
            _ = try Numeric.divide(one, none)
        }
        #expect(throws: SQLError(.divisionByZero, "division by zero")) {
            _ = try Numeric.remainder(one, none)
        }
    }

    static let specials: [(operation: String, left: String, right: String, result: String)] = [
        ("+", "NaN", "1", "NaN"), ("+", "Infinity", "1", "Infinity"),
        ("+", "Infinity", "-Infinity", "NaN"),
        ("+", "Infinity", "Infinity", "Infinity"), ("-", "Infinity", "Infinity", "NaN"),
        ("-", "1", "Infinity", "-Infinity"), ("*", "Infinity", "0", "NaN"),
        ("*", "Infinity", "-2", "-Infinity"), ("*", "NaN", "0", "NaN"), ("/", "1", "Infinity", "0"),
        ("/", "Infinity", "-2", "-Infinity"), ("/", "Infinity", "Infinity", "NaN"),
        ("/", "NaN", "0", "NaN"),
    ]

    @Test(arguments: specials)
    func specialValuesFollowPostgres(operation: String, left: String, right: String, result: String)
        throws
    {
        let (a, b) = (try Self.number(left), try Self.number(right))
        let found =
            switch operation {
            case "+": try Numeric.add(a, b)
            case "-": try Numeric.subtract(a, b)
            case "*": try Numeric.multiply(a, b)
            default: try Numeric.divide(a, b)
            }
        #expect(found.text == result, "\(left) \(operation) \(right)")
    }

    static let roundings: [(text: String, digits: Int, rounded: String, truncated: String)] = [
        ("2.5", 0, "3", "2"), ("-2.5", 0, "-3", "-2"), ("2.4999", 0, "2", "2"),
        ("1.005", 2, "1.01", "1.00"),
        ("1.2", 4, "1.2000", "1.2000"), ("1250", -2, "1300", "1200"), ("0.05", 1, "0.1", "0.0"),
        ("-0.04", 1, "0.0", "0.0"), ("999.9", 0, "1000", "999"), ("NaN", 2, "NaN", "NaN"),
    ]

    @Test(arguments: roundings)
    func halvesRoundAwayFromZero(text: String, digits: Int, rounded: String, truncated: String)
        throws
    {
        #expect(try Self.number(text).rounded(to: digits).text == rounded)
        #expect(try Self.number(text).rounded(to: digits, truncating: true).text == truncated)
    }

    @Test func theOrderIsPostgresOrder() throws {
        let ascending = try [
            "-Infinity", "-1e20", "-1.5", "-1.49", "0", "0.0000000000000000000000000000000001", "1",
            "1e20",
            "99999999999999999999999999999999999999", "Infinity", "NaN",
        ].map(Self.number)
        for (i, left) in ascending.enumerated() {
            for (j, right) in ascending.enumerated() {
                #expect(
                    Numeric.compare(left, right) == (i - j).signum(),
                    "\(left.text) and \(right.text)")
            }
        }
    }

    @Test func equalNumbersOfDifferentScaleCompareEqualButAreDifferentImages() throws {
        let (short, long) = (try Self.number("1.0"), try Self.number("1.00"))
        #expect(Numeric.compare(short, long) == 0)
        #expect(short != long)
        #expect(short.canonical == long.canonical)
        #expect(try Self.number("-100.000").canonical == Self.number("-100"))
    }

    // MARK: - Modifiers

    private static func modifier(_ precision: Int32, _ scale: Int32) -> Int32 {
        (precision << 16 | scale) + 4
    }

    static let fitting: [(text: String, precision: Int32, scale: Int32, result: String)] = [
        ("1.005", 5, 2, "1.01"), ("999.994", 5, 2, "999.99"), ("7", 5, 2, "7.00"),
        ("-999.99", 5, 2, "-999.99"),
        ("0.001", 2, 2, "0.00"), ("NaN", 5, 2, "NaN"),
    ]

    @Test(arguments: fitting)
    func modifiersRoundToTheirScale(text: String, precision: Int32, scale: Int32, result: String)
        throws
    {
        let found = try Self.number(text).applying(modifier: Self.modifier(precision, scale))
        #expect(found.text == result)
    }

    static let overflowing: [(text: String, precision: Int32, scale: Int32)] = [
        ("1000", 5, 2), ("999.995", 5, 2), ("-1000", 5, 2), ("1", 2, 2), ("Infinity", 5, 2),
    ]

    @Test(arguments: overflowing)
    func tooLargeForAModifierIsAFieldOverflow(text: String, precision: Int32, scale: Int32) throws {
        let value = try Self.number(text)
        do throws(SQLError) {
            let found = try value.applying(modifier: Self.modifier(precision, scale))
            Issue.record("\(text) became \(found.text)")
        } catch {
            #expect(error.state == .numericValueOutOfRange)
            #expect(error.message == "numeric field overflow")
        }
    }

    // MARK: - Other kinds of numbers

    @Test(arguments: [0.1, -2.5, 1e-10, 123_456_789.125, 1e20, 3, 0])
    func doublesComeBack(value: Double) throws {
        #expect(try Numeric(value).double == value)
    }

    static let integers: [(text: String, integer: Int64?)] = [
        ("2.5", 3), ("-2.5", -3), ("9223372036854775807.4", Int64.max),
        ("9223372036854775807.5", nil),
        ("NaN", nil), ("Infinity", nil),
    ]

    @Test(arguments: integers)
    func integersAreRoundedAndChecked(text: String, integer: Int64?) throws {
        #expect(try Self.number(text).roundedInt64 == integer)
    }
}
