import Testing
import Types

/// Years and intervals far outside the calendar that we keep.
@Suite struct TimestampRangeTests {
    @Test(arguments: ["999999-01-01", "1/1/999999", "1/1/99999999", "999999-01-01 BC"])
    func yearsFarBeyondTheRangeAreErrors(text: String) {
        #expect(throws: SQLError.self) { _ = try TimeText.timestamp(Array(text.utf8)) }
    }

    @Test(arguments: [Int32.max, Int32.min, 12_000_000] as [Int32])
    func monthsFarBeyondTheRangeAreErrors(months: Int32) {
        #expect(throws: SQLError(.datetimeFieldOverflow, "timestamp out of range")) {
            _ = try Timestamp.add(0, Interval(months: months))
        }
    }

    @Test func leapDaysBeforeChristReadBack() throws {
        let day = Timestamp.value(Timestamp.Fields(year: -4, month: 2, day: 29))
        var text: [UInt8] = []
        Timestamp.append(day, to: &text)
        #expect(String(decoding: text, as: UTF8.self) == "0005-02-29 00:00:00 BC")
        #expect(try TimeText.timestamp(text) == day)
    }
}
