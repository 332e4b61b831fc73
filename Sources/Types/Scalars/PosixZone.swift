/// The rule of a POSIX TZ string: CET-1CEST,M3.5.0,M10.5.0/3.
struct PosixZone: Sendable {
    private struct Change {
        /// Month, week (5: last), weekday; or a day of the year.
        enum Day { case weekday(Int, Int, Int), julian(Int), zeroBased(Int) }

        let day: Day
        let seconds: Int
    }

    let standard: TimeZoneRules.Offset
    private let summer: TimeZoneRules.Offset?
    private let start: Change?
    private let end: Change?

    /// Whether there is no summer time.
    var isFixed: Bool { summer == nil }

    init?(_ text: String) {
        var rest = Substring(text)
        guard let name = PosixZone.name(&rest), let offset = PosixZone.time(&rest) else {
            return nil
        }
        standard = .init(seconds: -offset, abbreviation: name)
        guard !rest.isEmpty else {
            (summer, start, end) = (nil, nil, nil)
            return
        }
        guard let second = PosixZone.name(&rest), !second.isEmpty else { return nil }
        var seconds = -offset + 3600
        if rest.first != ",", let given = PosixZone.time(&rest) { seconds = -given }
        summer = .init(seconds: seconds, abbreviation: second)
        if rest.isEmpty { rest = ",M3.2.0,M11.1.0" }
        guard let first = PosixZone.change(&rest), let last = PosixZone.change(&rest),
            rest.isEmpty
        else { return nil }
        (start, end) = (first, last)
    }

    private static func name(_ rest: inout Substring) -> String? {
        if rest.first == "<", let close = rest.firstIndex(of: ">") {
            let name = rest[rest.index(after: rest.startIndex)..<close]
            rest = rest[rest.index(after: close)...]
            return String(name)
        }
        let name = rest.prefix { $0.isLetter }
        rest = rest.dropFirst(name.count)
        return String(name)
    }

    private static func number(_ rest: inout Substring) -> Int? {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        // Days of a year have three digits, hours no more.
        return digits.count <= 3 ? Int(digits) : nil
    }

    /// [+-]hh[:mm[:ss]]
    private static func time(_ rest: inout Substring) -> Int? {
        var sign = 1
        if rest.first == "-" || rest.first == "+" {
            sign = rest.first == "-" ? -1 : 1
            rest = rest.dropFirst()
        }
        guard let hours = number(&rest), hours <= 167 else { return nil }
        var seconds = hours * 3600
        for unit in [60, 1] where rest.first == ":" {
            rest = rest.dropFirst()
            guard let part = number(&rest) else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }

    private static func change(_ rest: inout Substring) -> Change? {
        guard rest.first == "," else { return nil }
        rest = rest.dropFirst()
        let day: Change.Day
        if rest.first == "M" {
            rest = rest.dropFirst()
            guard let month = number(&rest) else { return nil }
            rest = rest.dropFirst()
            guard let week = number(&rest) else { return nil }
            rest = rest.dropFirst()
            guard let weekday = number(&rest), (1...12).contains(month), (1...5).contains(week),
                (0...6).contains(weekday)
            else { return nil }
            day = .weekday(month, week, weekday)
        } else if rest.first == "J" {
            rest = rest.dropFirst()
            guard let number = number(&rest) else { return nil }
            day = .julian(number)
        } else {
            guard let number = number(&rest) else { return nil }
            day = .zeroBased(number)
        }
        var seconds = 7200
        if rest.first == "/" {
            rest = rest.dropFirst()
            guard let given = time(&rest) else { return nil }
            seconds = given
        }
        return Change(day: day, seconds: seconds)
    }

    /// Unix seconds of a change in a year, as clocks of `offset` show it.
    private static func moment(_ change: Change, _ year: Int, _ offset: Int) -> Int64 {
        let day: Int64
        switch change.day {
        case .weekday(let month, let week, let weekday):
            let first = Timestamp.days(year: year, month: month, day: 1)
            let firstWeekday = Int(((first + 6) % 7 + 7) % 7)
            var date = 1 + (weekday - firstWeekday + 7) % 7 + (week - 1) * 7
            while date > Timestamp.daysInMonth(year: year, month: month) { date -= 7 }
            day = first + Int64(date - 1)
        case .julian(let number):
            let isLeap = Timestamp.daysInMonth(year: year, month: 2) == 29
            day =
                Timestamp.days(year: year, month: 1, day: 1)
                + Int64(number - 1 + (isLeap && number >= 60 ? 1 : 0))
        case .zeroBased(let number):
            day = Timestamp.days(year: year, month: 1, day: 1) + Int64(number)
        }
        return (day + Timestamp.epochDays) * 86400 + Int64(change.seconds - offset)
    }

    func offset(atUnix seconds: Int64) -> TimeZoneRules.Offset {
        guard let summer, let start, let end else { return standard }
        let local = seconds + Int64(standard.seconds)
        let day = local >= 0 ? local / 86400 : (local - 86399) / 86400
        let year = Timestamp.date(ofDay: day - Timestamp.epochDays).year
        let begins = PosixZone.moment(start, year, standard.seconds)
        let ends = PosixZone.moment(end, year, summer.seconds)
        let isSummer =
            begins < ends
            ? seconds >= begins && seconds < ends : seconds >= begins || seconds < ends
        return isSummer ? summer : standard
    }
}
