import Testing
import Types

/// Texts of times and intervals that come from outside: any bytes are read or refused.
@Suite struct TimeTextTests {
    private static let pieces = [
        "1999", "-", "/", ".", ":", " ", "T", "Z", "+", "jan", "pm", "bc", "J", "P", "1", "08",
        "24",
        "60", "999999999999999999999", "e5", "day", "ago", "@", "M", "y", "PST", "dst", "UTC",
        "America/New_York", "infinity", "epoch", "\u{e9}", "allballs", "mon", "2451187", "0",
    ]

    @Test(arguments: [1, 2, 3] as [UInt64])
    func anyTextIsReadOrRefused(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let types: [DataType] = [.timestamp, .timestamptz, .date, .time, .interval]
        for _ in 0..<5000 {
            let count = Int.random(in: 0..<9, using: &random)
            let text = (0..<count).map { _ in Self.pieces.randomElement(using: &random) ?? "" }
            for type in types {
                do throws(SQLError) {
                    let bytes = Array(text.joined().utf8)
                    let value = try TextEncoding.parse(bytes, type)
                    // What is printed reads back.
                    let printed = TextEncoding.text(value, type) ?? []
                    #expect(try TextEncoding.parse(printed, type) == value, "\(text), \(type)")
                } catch {
                    #expect(error.state.code.hasPrefix("22"), "\(text): \(error.message)")
                }
            }
        }
    }

    static let styles: [(IntervalStyle, String)] = [
        (.postgres, "-1 years -2 mons +3 days -04:05:06.7"),
        (.postgresVerbose, "@ 1 year 2 mons -3 days 4 hours 5 mins 6.7 secs ago"),
        (.sqlStandard, "-1-2 +3 -4:05:06.7"), (.iso8601, "P-1Y-2M3DT-4H-5M-6.7S"),
    ]

    @Test(arguments: styles)
    func intervalsReadBackInTheirStyle(style: IntervalStyle, text: String) throws {
        let value = Interval(months: -14, days: 3, microseconds: -14_706_700_000)
        var printed: [UInt8] = []
        value.appendText(style, to: &printed)
        #expect(String(decoding: printed, as: UTF8.self) == text)
        #expect(try Interval.parse(printed, IntervalFields(modifier: -1), style) == value)
    }

    @Test func secondsAreRoundedToTheirDigits() {
        #expect(TimeText.rounded(1_500_000, toDigits: 0) == 2_000_000)
        #expect(TimeText.rounded(-1_500_000, toDigits: 0) == -2_000_000)
        #expect(TimeText.rounded(123_456, toDigits: 3) == 123_000)
        #expect(TimeText.rounded(Int64.max, toDigits: 0) == Int64.max)
    }
}
