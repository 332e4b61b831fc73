/// Gives the fields of a date's or time's text their meaning, from left to right.
///
/// What a bare number is depends on what has been found already and on the order of dates; no part
/// may come twice.
struct MomentDecoder {
    typealias Failure = TimeText.Failure

    /// What has been found.
    struct Parts: OptionSet {
        let rawValue: UInt32

        static let year = Parts(rawValue: 1)
        static let month = Parts(rawValue: 2)
        static let day = Parts(rawValue: 4)
        static let hour = Parts(rawValue: 8)
        static let minute = Parts(rawValue: 16)
        static let second = Parts(rawValue: 32)
        static let fraction = Parts(rawValue: 64)
        static let zone = Parts(rawValue: 128)
        static let dayOfYear = Parts(rawValue: 256)
        static let meridiem = Parts(rawValue: 512)
        static let era = Parts(rawValue: 1024)
        static let weekday = Parts(rawValue: 2048)
        static let summer = Parts(rawValue: 4096)
        static let reserved = Parts(rawValue: 8192)
        static let date: Parts = [.year, .month, .day]
        static let time: Parts = [.hour, .minute, .second, .fraction]
    }

    let order: DateOrder
    let now: TimeText.Present?
    /// A time of day is wanted: a number is one, a date may stand before it.
    let wantsTime: Bool
    var fields: [TimeField] = []
    var found: Parts = []
    var parsed = TimeText.Parsed()
    /// What the word before says of the next number.
    var label: TimeWords.Unit?
    /// The next field is a time, as behind `T`.
    var expectsTime = false
    var dayOfYear = 0
    var hasMonthName = false
    var hasShortYear = false
    var isJulian = false
    var isBC = false
    var isPM: Bool?
    private var offset = 0

    init(order: DateOrder, now: TimeText.Present?, wantsTime: Bool) {
        self.order = order
        self.now = now
        self.wantsTime = wantsTime
    }

    /// What counts as found while a time is read: where only a time is wanted, the date as well.
    private var context: Parts { wantsTime ? found.union(.date) : found }

    mutating func decode(_ text: [UInt8]) throws(Failure) -> TimeText.Parsed {
        guard let fields = TimeField.split(text) else { throw .badFormat }
        self.fields = fields
        for index in fields.indices {
            let parts = try decode(at: index)
            guard found.isDisjoint(with: parts) else { throw .badFormat }
            found.formUnion(parts)
        }
        if parsed.special != nil, !wantsTime { return parsed }
        try finishDate()
        try finishTime()
        let needed: Parts = wantsTime ? .time : .date
        guard found.isSuperset(of: needed) else { throw .badFormat }
        try finishZone()
        return parsed
    }

    private mutating func decode(at index: Int) throws(Failure) -> Parts {
        let field = fields[index]
        switch field.form {
        case .date: return try date(field, at: index)
        case .time:
            guard label == nil else { throw .badFormat }
            expectsTime = false
            let parts = try clock(field.text)
            if !wantsTime, isTimeOutOfRange { throw .fieldOverflow }
            return parts
        case .signed:
            setOffset(try MomentDecoder.offset(field.text))
            return .zone
        case .number:
            if expectsTime || label != nil { return try labelled(field) }
            return wantsTime
                ? try timeNumber(field, at: index) : try number(field)
        case .word, .special: return try word(field, at: index)
        }
    }

    // MARK: - Dates and zones

    private mutating func date(_ field: TimeField, at index: Int) throws(Failure) -> Parts {
        let isDigits = field.text.first.map { $0 >= 48 && $0 <= 57 } ?? false
        if label == .julian, !wantsTime {
            // A day number with a zone right behind it.
            var scanner = FieldScanner(field.text)
            guard let day = try? scanner.int32(), day >= 0 else { throw .fieldOverflow }
            setJulianDay(day)
            setOffset(try MomentDecoder.offset(Array(scanner.rest)))
            label = nil
            return Parts.date.union(.time).union(.zone)
        }
        let isZone: Bool
        if wantsTime {
            let isDate =
                index == 0 && fields.count >= 2
                && (fields[fields.count - 1].form == .date || fields[1].form == .time)
            isZone = !isDate
        } else {
            isZone = label != nil || expectsTime || found.isSuperset(of: [.month, .day])
        }
        guard isZone else { return try dateParts(field.text) }
        guard isDigits || label != nil || expectsTime else {
            let name = String(decoding: field.text, as: UTF8.self)
            guard let rules = TimeZones.rules(named: name) else {
                throw .unknownZone(field.word)
            }
            parsed.zone = .rules(rules)
            return .zone
        }
        // hhmmss-zz
        guard label == nil, !found.isSuperset(of: .time),
            let minus = field.text.firstIndex(of: 45)
        else { throw .badFormat }
        expectsTime = false
        setOffset(try MomentDecoder.offset(Array(field.text[minus...])))
        return try joined(Array(field.text[..<minus]), context).union(.zone)
    }

    /// 1999-01-08, 8-Jan-1999, 1/8/1999, 1999.008.
    private mutating func dateParts(_ text: [UInt8]) throws(Failure) -> Parts {
        guard let pieces = MomentDecoder.pieces(text) else { throw .badFormat }
        var (parts, numbers): (Parts, [[UInt8]]) = ([], [])
        var isNamed = false
        for piece in pieces {
            if piece[0] >= 48, piece[0] <= 57 {
                numbers.append(piece)
                continue
            }
            switch TimeWords.word(TimeField(form: .word, text: piece).word) {
            case .ignored?: continue
            case .month(let month)?:
                guard found.union(parts).isDisjoint(with: .month) else { throw .badFormat }
                parsed.fields.month = month
                isNamed = true
                parts.formUnion(.month)
            default: throw .badFormat
            }
        }
        for number in numbers {
            let more = try self.number(number, found.union(parts), hasMonthName: isNamed)
            guard found.union(parts).isDisjoint(with: more) else { throw .badFormat }
            parts.formUnion(more)
        }
        guard found.union(parts).subtracting([.dayOfYear, .zone]) == .date else {
            throw .badFormat
        }
        return parts
    }

    /// Runs of digits and of letters, one mark between them.
    private static func pieces(_ text: [UInt8]) -> [[UInt8]]? {
        func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
        func isLetter(_ byte: UInt8) -> Bool { byte | 32 >= 97 && byte | 32 <= 122 }
        var (pieces, index): ([[UInt8]], Int) = ([], 0)
        while index < text.count {
            while index < text.count, !isDigit(text[index]), !isLetter(text[index]) { index += 1 }
            guard index < text.count else { return nil }
            let start = index
            let kind = isDigit(text[index]) ? isDigit : isLetter
            while index < text.count, kind(text[index]) { index += 1 }
            pieces.append(Array(text[start..<index]))
            index += 1
        }
        return pieces
    }

    /// +hh, -hh:mm, +hhmm, -hh:mm:ss as seconds east of Greenwich.
    static func offset(_ text: [UInt8]) throws(Failure) -> Int {
        guard let sign = text.first, sign == 43 || sign == 45 else { throw .badFormat }
        var scanner = FieldScanner(text.dropFirst())
        var (hours, minutes, seconds) = (0, 0, 0)
        do throws(FieldScanner.Overflow) {
            hours = try scanner.int32()
            if scanner.skip(58) {
                minutes = try scanner.int32()
                if scanner.skip(58) { seconds = try scanner.int32() }
            } else if scanner.isAtEnd, text.count > 3 {
                (hours, minutes) = (hours / 100, hours % 100)
            }
        } catch {
            throw .zoneOverflow
        }
        guard hours >= 0, hours <= 15, minutes >= 0, minutes < 60, seconds >= 0, seconds < 60
        else { throw .zoneOverflow }
        guard scanner.isAtEnd else { throw .badFormat }
        let size = hours * 3600 + minutes * 60 + seconds
        return sign == 45 ? -size : size
    }

    private mutating func setOffset(_ seconds: Int) {
        offset = seconds
        parsed.zone = .offset(seconds)
    }

    // MARK: - Words

    private mutating func word(_ field: TimeField, at index: Int) throws(Failure) -> Parts {
        let word = field.word
        if let meaning = ZoneAbbreviations.meaning(word) {
            switch meaning {
            case .offset(let seconds): setOffset(seconds)
            case .zone(let name):
                guard let rules = TimeZones.rules(named: name) else { throw .badFormat }
                parsed.zone = .abbreviation(word.uppercased(), rules)
            }
            return .zone
        }
        guard let meaning = TimeWords.word(word) else {
            guard field.form == .word,
                let rules = TimeZones.rules(named: String(decoding: field.text, as: UTF8.self))
            else { throw .badFormat }
            parsed.zone = .rules(rules)
            return .zone
        }
        return try apply(meaning, word, at: index)
    }

    private mutating func apply(_ meaning: TimeWords.Word, _ text: String, at index: Int)
        throws(Failure) -> Parts
    {
        switch meaning {
        case .ignored: return []
        case .meridiem(let pm):
            isPM = pm
            return .meridiem
        case .era(let bc):
            isBC = bc
            return .era
        case .label(let unit):
            label = unit
            return []
        case .summer:
            if case .offset? = parsed.zone { setOffset(offset + 3600) }
            return .summer
        case .midnight:
            parsed.fields.hour = 0
            parsed.fields.minute = 0
            parsed.fields.second = 0
            setOffset(0)
            return Parts.time.union(.zone)
        case .timeMark:
            guard wantsTime || found.isSuperset(of: .date), index + 1 < fields.count,
                [.number, .time, .date].contains(fields[index + 1].form)
            else { throw .badFormat }
            expectsTime = true
            return []
        case .now, .today, .tomorrow, .yesterday: return try present(meaning, text)
        default: break
        }
        // What is left says nothing about a time of day.
        guard !wantsTime else { throw .badFormat }
        switch meaning {
        case .month(let month):
            var parts = Parts.month
            // A number that was taken for the month is the day.
            if found.contains(.month), !hasMonthName, !found.contains(.day),
                (1...31).contains(parsed.fields.month)
            {
                parsed.fields.day = parsed.fields.month
                parts = .day
            }
            hasMonthName = true
            parsed.fields.month = month
            return parts
        case .weekday: return .weekday
        case .infinity: parsed.special = .infinity
        case .negativeInfinity: parsed.special = .negativeInfinity
        default: parsed.special = .epoch
        }
        return .reserved
    }

    private mutating func present(_ meaning: TimeWords.Word, _ text: String) throws(Failure)
        -> Parts
    {
        guard !wantsTime || meaning == .now else { throw .badFormat }
        guard let now else { throw .noPresent(text) }
        if meaning == .now {
            parsed.fields = Timestamp.fields(now.local)
            if wantsTime { return .time }
            parsed.instant = now.instant
            return Parts.date.union(.time).union(.zone)
        }
        let step: Int64 = meaning == .tomorrow ? 1 : (meaning == .yesterday ? -1 : 0)
        let date = Timestamp.date(ofDay: Timestamp.split(now.local).day + step)
        (parsed.fields.year, parsed.fields.month, parsed.fields.day) = (
            date.year, date.month, date.day
        )
        return .date
    }

    // MARK: - At the end

    private mutating func finishDate() throws(Failure) {
        if found.contains(.year), !isJulian {
            let year = parsed.fields.year
            if isBC {
                guard year > 0 else { throw .fieldOverflow }
                parsed.fields.year = 1 - year
            } else if hasShortYear {
                guard year >= 0 else { throw .fieldOverflow }
                if year < 100 { parsed.fields.year += year < 70 ? 2000 : 1900 }
            } else if year <= 0 {
                throw .fieldOverflow
            }
        }
        let limit = CalendarDate.yearRange
        if found.contains(.dayOfYear), limit.contains(parsed.fields.year) {
            let first = Timestamp.days(year: parsed.fields.year, month: 1, day: 1)
            let date = Timestamp.date(ofDay: first + Int64(dayOfYear) - 1)
            parsed.fields.year = date.year
            parsed.fields.month = date.month
            parsed.fields.day = date.day
        }
        if found.contains(.month), !(1...12).contains(parsed.fields.month) {
            throw .monthOrDayOverflow
        }
        if found.contains(.day), !(1...31).contains(parsed.fields.day) {
            throw .monthOrDayOverflow
        }
        if found.isSuperset(of: .date) {
            let last = Timestamp.daysInMonth(
                year: parsed.fields.year, month: parsed.fields.month)
            guard parsed.fields.day <= last else { throw .fieldOverflow }
        }
    }

    private mutating func finishTime() throws(Failure) {
        if let isPM {
            guard parsed.fields.hour <= 12 else { throw .fieldOverflow }
            if isPM, parsed.fields.hour != 12 {
                parsed.fields.hour += 12
            } else if !isPM, parsed.fields.hour == 12 {
                parsed.fields.hour = 0
            }
        }
        if wantsTime, isTimeOutOfRange { throw .fieldOverflow }
    }

    /// Beyond 24:00:00, or a part beyond what it may be.
    var isTimeOutOfRange: Bool {
        let fields = parsed.fields
        return !(0...24).contains(fields.hour) || !(0..<60).contains(fields.minute)
            || !(0...60).contains(fields.second)
            || TimeText.microseconds(fields) > Timestamp.microsecondsPerDay
    }

    private func finishZone() throws(Failure) {
        let isFull: Bool
        if case .rules? = parsed.zone { isFull = true } else { isFull = false }
        // DST goes behind an offset, not behind the name of a zone.
        if found.contains(.summer), isFull || !found.contains(.zone) { throw .badFormat }
        // The date decides about summer time.
        if wantsTime, case .rules(let rules)? = parsed.zone, !rules.isFixed,
            !found.isSuperset(of: .date)
        {
            throw .badFormat
        }
    }
}
