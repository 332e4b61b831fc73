package import Types

/// Dates and times out of texts, by a template: to_date and to_timestamp(text, text).
package enum DateTimeReading {
    /// to_date(text, text): days since 2000-01-01. - Throws: 22007, 22008, 22009, 0A000.
    package static func date(_ text: [UInt8], _ template: DateTimeTemplate) throws(SQLError)
        -> Int64
    {
        let assembled = try DateTimeScanner.scan(text, template).assembled(text)
        guard let day = assembled.dayNumber, CalendarDate.inRange(day) else {
            throw SQLError(
                .datetimeFieldOverflow,
                "date out of range: \"\(String(decoding: text, as: UTF8.self))\"")
        }
        return day
    }

    /// to_timestamp(text, text): the instant at which clocks of the session's time zone show what
    /// the text says, or those of the zone that it names. - Throws: 22007, 22008, 22009, 0A000.
    package static func timestamp(
        _ text: [UInt8], _ template: DateTimeTemplate, in zone: TimeZoneRules
    ) throws(SQLError) -> Int64 {
        let values = try DateTimeScanner.scan(text, template)
        let assembled = try values.assembled(text)
        guard let day = assembled.dayNumber, days.contains(day) else { throw outOfRange }
        let local = day * Timestamp.microsecondsPerDay + assembled.time
        let instant =
            if let offset = assembled.zoneOffset {
                local - Int64(offset) * 1_000_000
            } else {
                zone.instant(ofLocal: local)
            }
        guard Timestamp.inRange(instant) else { throw outOfRange }
        return values.fractionDigits.map { rounded(instant, to: $0) } ?? instant
    }

    /// The days of timestamps and, since zones move them, two more at either end.
    private static let days: ClosedRange<Int64> = -2_451_547...106_751_985

    private static let outOfRange = SQLError(.datetimeFieldOverflow, "timestamp out of range")

    /// A timestamp with fewer digits behind the point, half away from 2000-01-01.
    private static func rounded(_ value: Int64, to digits: Int) -> Int64 {
        var unit: Int64 = 1
        for _ in digits..<6 { unit *= 10 }
        return (value + (value < 0 ? -unit / 2 : unit / 2)) / unit * unit
    }
}
