/// Dates (days since 2000-01-01, as Int64) and times of day (microseconds since midnight).
package enum CalendarDate {
    package static let infinity = Int64(Int32.max)
    package static let negativeInfinity = Int64(Int32.min)

    package static func isFinite(_ day: Int64) -> Bool {
        day != infinity && day != negativeInfinity
    }

    /// 4713 BC to 5874897 AD, as PostgreSQL.
    package static func inRange(_ day: Int64) -> Bool { day >= -2_451_545 && day < 2_145_031_949 }

    /// Years whose dates fit, roughly.
    static let yearRange = -4800...5_875_000

    /// Midnight of a date. - Throws: 22008.
    package static func timestamp(_ day: Int64) throws(SQLError) -> Int64 {
        if day == infinity { return Timestamp.infinity }
        if day == negativeInfinity { return Timestamp.negativeInfinity }
        let (value, overflow) = day.multipliedReportingOverflow(by: Timestamp.microsecondsPerDay)
        guard !overflow, Timestamp.inRange(value) else {
            throw SQLError(.datetimeFieldOverflow, "date out of range for timestamp")
        }
        return value
    }

    /// Midnight of a date; of one beyond the range of timestamps, what is between all of them and
    /// infinity.
    package static func comparable(_ day: Int64) -> Int64 {
        (try? timestamp(day)) ?? (day < 0 ? Timestamp.beforeAll : Timestamp.behindAll)
    }

    /// The date of a timestamp.
    package static func day(_ timestamp: Int64) -> Int64 {
        if timestamp == Timestamp.infinity { return infinity }
        if timestamp == Timestamp.negativeInfinity { return negativeInfinity }
        return Timestamp.split(timestamp).day
    }

    /// Appends `2015-07-15`, ` BC` behind when it is.
    package static func append(_ day: Int64, to output: inout [UInt8]) {
        if day == infinity { return output.append(contentsOf: "infinity".utf8) }
        if day == negativeInfinity { return output.append(contentsOf: "-infinity".utf8) }
        let date = Timestamp.date(ofDay: day)
        let isBC = date.year <= 0
        Timestamp.appendPadded(isBC ? 1 - date.year : date.year, width: 4, to: &output)
        output.append(45)
        Timestamp.appendPadded(date.month, width: 2, to: &output)
        output.append(45)
        Timestamp.appendPadded(date.day, width: 2, to: &output)
        if isBC { output.append(contentsOf: " BC".utf8) }
    }

    /// Appends `12:34:56.789`.
    package static func appendTime(_ time: Int64, to output: inout [UInt8]) {
        let seconds = Int(time / 1_000_000)
        Timestamp.appendTime(
            .init(
                year: 2000, month: 1, day: 1, hour: seconds / 3600, minute: seconds / 60 % 60,
                second: seconds % 60, microsecond: Int(time % 1_000_000)), to: &output)
    }
}
