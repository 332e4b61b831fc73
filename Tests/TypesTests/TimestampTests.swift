import Testing
import Types

@Suite struct TimestampTests {
    private static func text(_ value: Int64) -> String {
        var bytes: [UInt8] = []
        Timestamp.append(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func parsed(_ text: String) throws -> Int64 {
        try TimeText.timestamp(Array(text.utf8))
    }

    static let known: [(text: String, value: Int64)] = [
        ("2000-01-01 00:00:00", 0), ("2000-01-01 00:00:00.000001", 1),
        ("1999-12-31 23:59:59.999999", -1),
        ("1970-01-01 00:00:00", -946_684_800_000_000), ("2015-07-15 00:00:00", 490_233_600_000_000),
        ("2000-02-29 12:30:00.5", 5_142_600_500_000), ("infinity", Int64.max),
        ("-infinity", Int64.min),
    ]

    @Test(arguments: known)
    func knownTimesReadAndPrint(text: String, value: Int64) throws {
        #expect(try Self.parsed(text) == value)
        #expect(Self.text(value) == text)
    }

    static let spellings: [(input: String, text: String)] = [
        ("2015-07-15", "2015-07-15 00:00:00"), ("20150715", "2015-07-15 00:00:00"),
        ("2015-07-15T01:02:03Z", "2015-07-15 01:02:03"),
        ("2015-07-15 01:02", "2015-07-15 01:02:00"),
        ("2015-07-15 01:02:03+05:30", "2015-07-15 01:02:03"), ("7/15/2015", "2015-07-15 00:00:00"),
        (" 2015-07-15 01:02:03.120 ", "2015-07-15 01:02:03.12"), ("epoch", "1970-01-01 00:00:00"),
        ("0001-01-01 00:00:00 BC", "0001-01-01 00:00:00 BC"),
        ("2015-07-15 24:00:00", "2015-07-16 00:00:00"),
    ]

    @Test(arguments: spellings)
    func otherSpellingsAreRead(input: String, text: String) throws {
        #expect(Self.text(try Self.parsed(input)) == text)
    }

    @Test(arguments: ["", "x", "2015", "2015-07", "2015-07-15 x", "2015-07-15 01:02:03 x", "noon"])
    func otherTextsAreNoTimes(text: String) throws {
        do throws(SQLError) {
            let value = try TimeText.timestamp(Array(text.utf8))
            Issue.record("\(text) gave \(value)")
        } catch {
            #expect(error.state == .invalidDatetimeFormat)
        }
    }

    @Test(arguments: [
        "2015-13-01", "2015-00-01", "2015-02-29", "2015-04-31", "2015-01-32", "2015-01-01 25:00:00",
        "2015-01-01 00:60:00",
    ])
    func fieldsOutsideTheCalendarAreOutOfRange(text: String) {
        do throws(SQLError) {
            let value = try TimeText.timestamp(Array(text.utf8))
            Issue.record("\(text) gave \(String(describing: value))")
        } catch {
            #expect(error.state == .datetimeFieldOverflow)
        }
    }

    @Test(arguments: [1, 7, 20_260_101] as [UInt64])
    func randomTimesRoundTripThroughFieldsAndText(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        for _ in 0..<2000 {
            let value = Int64.random(
                in: -211_813_488_000_000_000..<9_223_371_331_200_000_000, using: &random)
            #expect(Timestamp.value(Timestamp.fields(value)) == value, "seed \(seed)")
            #expect(try Self.parsed(Self.text(value)) == value, "seed \(seed), \(Self.text(value))")
        }
    }

    @Test(arguments: [3, 11] as [UInt64])
    func randomDaysRoundTripThroughCivilDates(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        for _ in 0..<5000 {
            let day = Int64.random(in: -2_400_000...100_000_000, using: &random)
            let date = Timestamp.date(ofDay: day)
            let back = Timestamp.days(year: date.year, month: date.month, day: date.day)
            #expect(back == day, "seed \(seed), \(date)")
            #expect((1...12).contains(date.month), "seed \(seed), day \(day)")
            let length = Timestamp.daysInMonth(year: date.year, month: date.month)
            #expect((1...length).contains(date.day), "seed \(seed), day \(day)")
        }
    }

    @Test func consecutiveDaysAreConsecutiveDates() {
        var previous = Timestamp.date(ofDay: -36_525)
        for day in -36_524...Int64(36_525) {
            let date = Timestamp.date(ofDay: day)
            if date.day == 1 {
                #expect(
                    previous.day
                        == Timestamp.daysInMonth(year: previous.year, month: previous.month))
            } else {
                #expect(
                    (date.year, date.month, date.day) == (
                        previous.year, previous.month, previous.day + 1
                    ))
            }
            previous = date
        }
    }

    static let additions:
        [(start: String, months: Int32, days: Int32, microseconds: Int64, end: String)] = [
            ("2015-01-31 10:00:00", 1, 0, 0, "2015-02-28 10:00:00"),
            ("2016-01-31 00:00:00", 1, 0, 0, "2016-02-29 00:00:00"),
            ("2016-02-29 00:00:00", 12, 0, 0, "2017-02-28 00:00:00"),
            ("2015-03-31 00:00:00", -1, 0, 0, "2015-02-28 00:00:00"),
            ("2015-01-15 00:00:00", -1, 0, 0, "2014-12-15 00:00:00"),
            ("2015-12-31 23:59:59", 0, 0, 1_000_000, "2016-01-01 00:00:00"),
            // Months, then days, then time.
            ("2015-01-31 00:00:00", 1, 1, 0, "2015-03-01 00:00:00"),
            ("2015-01-31 00:00:00", 13, -1, -1_000_000, "2016-02-27 23:59:59"),
            ("1999-12-31 00:00:00.25", -1, 0, 0, "1999-11-30 00:00:00.25"),
            ("infinity", 1, 1, 1, "infinity"), ("-infinity", 1, 1, 1, "-infinity"),
        ]

    @Test(arguments: additions)
    func intervalsAddMonthsThenDaysThenTime(
        start: String, months: Int32, days: Int32, microseconds: Int64, end: String
    ) throws {
        let interval = Interval(months: months, days: days, microseconds: microseconds)
        #expect(Self.text(try Timestamp.add(Self.parsed(start), interval)) == end)
    }

    @Test(arguments: [Int32.max, Int32.min])
    func sumsOutsideTheRangeAreErrors(days: Int32) {
        #expect(throws: SQLError(.datetimeFieldOverflow, "timestamp out of range")) {
            _ = try Timestamp.add(0, Interval(days: days))
        }
    }
}
