extension MomentDecoder {
    /// A number that the word before it has named: y1999, J2451187, T040506.
    mutating func labelled(_ field: TimeField) throws(Failure) -> Parts {
        if expectsTime {
            expectsTime = false
            let parts = try joined(field.text, found.union(.date))
            guard parts == .time else { throw .badFormat }
            return parts
        }
        guard let unit = label else { throw .badFormat }
        label = nil
        var scanner = FieldScanner(field.text)
        guard let value = try? scanner.int32() else { throw .fieldOverflow }
        guard scanner.isAtEnd || (scanner.peek == 46 && (unit == .julian || unit == .second))
        else { throw .badFormat }
        switch unit {
        case .year:
            parsed.fields.year = value
            return .year
        case .month where found.isSuperset(of: [.month, .hour]), .minute:
            parsed.fields.minute = value
            return .minute
        case .month:
            parsed.fields.month = value
            return .month
        case .day:
            parsed.fields.day = value
            return .day
        case .hour:
            parsed.fields.hour = value
            return .hour
        case .second:
            parsed.fields.second = value
            guard !scanner.isAtEnd else { return .second }
            try setFraction(scanner)
            return [.second, .fraction]
        case .julian:
            guard value >= 0 else { throw .fieldOverflow }
            setJulianDay(value)
            guard !scanner.isAtEnd else { return .date }
            guard let fraction = scanner.fraction() else { throw .badFormat }
            let time = Int64(fraction * Double(Timestamp.microsecondsPerDay))
            let seconds = Int(time / 1_000_000)
            parsed.fields.hour = seconds / 3600
            parsed.fields.minute = seconds / 60 % 60
            parsed.fields.second = seconds % 60
            parsed.fields.microsecond = Int(time % 1_000_000)
            return Parts.date.union(.time)
        default: throw .badFormat
        }
    }

    mutating func setJulianDay(_ day: Int) {
        let date = Timestamp.date(ofDay: Int64(day) - 2_451_545)
        parsed.fields.year = date.year
        parsed.fields.month = date.month
        parsed.fields.day = date.day
        isJulian = true
    }

    private mutating func setFraction(_ scanner: FieldScanner) throws(Failure) {
        guard let microseconds = scanner.microseconds() else { throw .badFormat }
        parsed.fields.microsecond = Int(microseconds)
    }

    /// A bare number in a date or moment.
    mutating func number(_ field: TimeField) throws(Failure) -> Parts {
        let point = field.text.firstIndex(of: 46)
        if point != nil, found.isDisjoint(with: .date) { return try dateNumber(field.text) }
        if let point, point > 2 { return try joined(field.text, found) }
        let isFull = !found.isDisjoint(with: .date) && !found.isDisjoint(with: .time)
        if field.text.count >= 6, !isFull { return try joined(field.text, found) }
        return try number(field.text, found, hasMonthName: hasMonthName)
    }

    /// 1999.008: a year and a day of it.
    private mutating func dateNumber(_ text: [UInt8]) throws(Failure) -> Parts {
        var parts: Parts = []
        for piece in text.split(separator: 46, omittingEmptySubsequences: true) {
            let more = try number(Array(piece), found.union(parts), hasMonthName: false)
            guard found.union(parts).isDisjoint(with: more) else { throw .badFormat }
            parts.formUnion(more)
        }
        guard text.last != 46, found.union(parts).subtracting([.dayOfYear, .zone]) == .date else {
            throw .badFormat
        }
        return parts
    }

    /// A bare number where a time of day is wanted.
    mutating func timeNumber(_ field: TimeField, at index: Int) throws(Failure) -> Parts {
        let all = found.union(.date)
        if let point = field.text.firstIndex(of: 46) {
            if index == 0, fields.count >= 2, fields[fields.count - 1].form == .date {
                return try dateNumber(field.text)
            }
            guard point > 2 else { throw .badFormat }
            return try joined(field.text, all)
        }
        if field.text.count > 4 { return try joined(field.text, all) }
        return try number(field.text, all, hasMonthName: false)
    }

    /// One number of a date, by what is there already and the order of dates.
    mutating func number(_ text: [UInt8], _ known: Parts, hasMonthName: Bool) throws(Failure)
        -> Parts
    {
        var scanner = FieldScanner(text)
        guard let value = try? scanner.int32() else { throw .fieldOverflow }
        let digits = scanner.position
        guard digits > 0 else { throw .badFormat }
        if !scanner.isAtEnd {
            if digits > 2 { return try joined(text, known.union(.date)) }
            try setFraction(scanner)
        }
        if text.count == 3, known.intersection(.date) == .year, (1...366).contains(value) {
            dayOfYear = value
            return [.dayOfYear, .month, .day]
        }
        let isYear = text.count >= 3 || order == .yearFirst
        switch known.intersection(.date) {
        case []:
            if isYear { return setYear(value, text) }
            return order == .dayFirst ? setDay(value) : setMonth(value)
        case .year, .day: return setMonth(value)
        case .month where hasMonthName && isYear: return setYear(value, text)
        case .month: return setDay(value)
        case [.year, .month]:
            // 08-Jan-1999 where years come first: the first number was the day after all.
            if hasMonthName, text.count >= 3, hasShortYear {
                parsed.fields.day = parsed.fields.year
                parsed.fields.year = value
                hasShortYear = false
                return .day
            }
            return setDay(value)
        case [.month, .day]: return setYear(value, text)
        case .date: return try joined(text, known)
        default: throw .badFormat
        }
    }

    private mutating func setYear(_ value: Int, _ text: [UInt8]) -> Parts {
        parsed.fields.year = value
        hasShortYear = text.count <= 2
        return .year
    }

    private mutating func setMonth(_ value: Int) -> Parts {
        parsed.fields.month = value
        return .month
    }

    private mutating func setDay(_ value: Int) -> Parts {
        parsed.fields.day = value
        return .day
    }

    /// Numbers without marks between them: yyyymmdd, yymmdd, hhmmss, hhmm, with a fraction.
    mutating func joined(_ text: [UInt8], _ known: Parts) throws(Failure) -> Parts {
        func value(_ digits: ArraySlice<UInt8>) throws(Failure) -> Int {
            var scanner = FieldScanner(digits)
            guard let value = try? scanner.int32(), scanner.isAtEnd else { throw .fieldOverflow }
            return value
        }
        var digits = text[...]
        if let point = text.firstIndex(of: 46) {
            var scanner = FieldScanner(text[point...])
            try setFraction(scanner)
            _ = scanner.skip(46)
            digits = text[..<point]
        } else if !known.isSuperset(of: .date), digits.count >= 6 {
            parsed.fields.day = try value(digits.suffix(2))
            parsed.fields.month = try value(digits.dropLast(2).suffix(2))
            parsed.fields.year = try value(digits.dropLast(4))
            if digits.count == 6 { hasShortYear = true }
            return .date
        }
        guard !known.isSuperset(of: .time), digits.count == 6 || digits.count == 4 else {
            throw .badFormat
        }
        parsed.fields.hour = try value(digits.prefix(2))
        parsed.fields.minute = try value(digits.dropFirst(2).prefix(2))
        parsed.fields.second = digits.count == 6 ? try value(digits.suffix(2)) : 0
        return .time
    }

    /// hh:mm, hh:mm:ss, mm:ss.fraction.
    mutating func clock(_ text: [UInt8]) throws(Failure) -> Parts {
        guard let clock = try ClockTime(text, isMinutes: false) else { throw .badFormat }
        guard clock.hours <= Int64(Int32.max) else { throw .fieldOverflow }
        parsed.fields.hour = Int(clock.hours)
        parsed.fields.minute = clock.minutes
        parsed.fields.second = clock.seconds
        parsed.fields.microsecond = Int(clock.microseconds)
        return .time
    }
}

/// A time written with colons.
struct ClockTime {
    var hours: Int64 = 0
    var minutes = 0
    var seconds = 0
    var microseconds: Int64 = 0

    /// `isMinutes`: two numbers are minutes and seconds.
    /// - Returns: nil when the text has another form.
    init?(_ text: some Collection<UInt8>, isMinutes: Bool) throws(TimeText.Failure) {
        var scanner = FieldScanner(text)
        var isShort = isMinutes
        do throws(FieldScanner.Overflow) {
            hours = try scanner.integer()
            guard scanner.skip(58) else { return nil }
            minutes = try scanner.int32()
            if scanner.skip(58) {
                isShort = false
                seconds = try scanner.int32()
            } else if !scanner.isAtEnd {
                // With a fraction they are always.
                isShort = true
            }
        } catch {
            throw .fieldOverflow
        }
        if !scanner.isAtEnd {
            guard let fraction = scanner.microseconds() else { return nil }
            microseconds = fraction
        }
        if isShort {
            guard hours <= Int64(Int32.max) else { throw .fieldOverflow }
            (hours, minutes, seconds) = (0, Int(hours), minutes)
        }
        guard hours >= 0, (0..<60).contains(minutes), (0...60).contains(seconds) else {
            throw .fieldOverflow
        }
    }
}
