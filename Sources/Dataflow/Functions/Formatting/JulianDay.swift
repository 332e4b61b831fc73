import Types

/// Day numbers and ISO weeks in 32-bit arithmetic that wraps around, as PostgreSQL has it: the parts of
/// an interval are formatted as if they were a date, whatever their size and sign.
enum JulianDay {
    /// The day number of a date; months before January and days out of their month count on.
    static func number(year: Int32, month: Int32, day: Int32) -> Int32 {
        // Years that begin in March: the leap day comes last.
        let isEarly = month <= 2
        let shiftedYear = year &+ (isEarly ? 4799 : 4800)
        let shiftedMonth = month &+ (isEarly ? 13 : 1)
        let century = shiftedYear / 100
        let leapDays = shiftedYear / 4 &- century &+ century / 4
        return shiftedYear &* 365 &- 32167 &+ leapDays &+ 7834 &* shiftedMonth / 256 &+ day
    }

    /// The Monday with which week 1 of an ISO year begins.
    static func isoYearStart(_ year: Int32) -> Int32 {
        let fourth = number(year: year, month: 1, day: 4)
        let weekday = fourth % 7
        return fourth &- (weekday < 0 ? weekday + 7 : weekday)
    }

    /// The first day of an ISO week.
    static func isoWeekStart(year: Int32, week: Int32) -> Int32 {
        isoYearStart(year) &+ (week &- 1) &* 7
    }

    /// The ISO year, week and day of the year of a date.
    static func isoDate(year: Int32, month: Int32, day: Int32) -> (
        year: Int32, week: Int32, dayOfYear: Int32
    ) {
        let number = number(year: year, month: month, day: day)
        var isoYear = year
        var start = isoYearStart(year)
        if number < start {
            isoYear = year &- 1
            start = isoYearStart(isoYear)
        }
        var week = (number &- start) / 7 &+ 1
        if week >= 52 {
            let next = isoYearStart(year &+ 1)
            if number >= next {
                isoYear = year &+ 1
                week = (number &- next) / 7 &+ 1
            }
        }
        return (isoYear, week, number &- isoYearStart(isoYear) &+ 1)
    }

    /// The date of a day number; days long before 4713 BC are taken for others, as arithmetic wraps.
    static func date(_ number: Int32) -> (year: Int32, month: Int32, day: Int32) {
        // Days since 4801-03-01 BC, in cycles of 400 years.
        let days = UInt32(bitPattern: number &+ 32044)
        let (cycles, rest) = days.quotientAndRemainder(dividingBy: 146_097)
        let skippedLeapDays = cycles * 3 + (rest * 4 + 3) / 146_097
        // With them every fourth year is a leap year; and years begin in January, 60 days earlier.
        let (leapYears, inFourYears) = (days &+ 60 &+ skippedLeapDays)
            .quotientAndRemainder(dividingBy: 1461)
        let yearOfFour = inFourYears * 4 / 1461
        var day = Int32(inFourYears) - (yearOfFour == 0 ? 0 : Int32(yearOfFour) * 365 + 1)
        var month: Int32 = 1
        while true {
            let length = Int32(
                Timestamp.daysInMonth(year: yearOfFour == 0 ? 4 : 1, month: Int(month)))
            if day < length { break }
            day -= length
            month += 1
        }
        return (Int32(leapYears * 4 + yearOfFour) - 4800, month, day + 1)
    }
}
