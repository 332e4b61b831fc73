extension Interval {
    /// - Throws: 22007, 22008 or 22015.
    package static func parse(
        _ text: [UInt8], _ fields: IntervalFields = IntervalFields(modifier: -1),
        _ style: IntervalStyle = .postgres
    ) throws(SQLError) -> Interval {
        try IntervalDecoder.decode(text, fields, style)
    }

    /// The text in a style.
    package func appendText(_ style: IntervalStyle = .postgres, to output: inout [UInt8]) {
        switch style {
        case .postgres: appendPostgres(to: &output)
        case .postgresVerbose: appendVerbose(to: &output)
        case .sqlStandard: appendStandard(to: &output)
        case .iso8601: appendISO(to: &output)
        }
    }

    /// 1 year 2 mons 3 days 04:05:06
    private func appendPostgres(to output: inout [UInt8]) {
        var parts: [String] = []
        var negativeBefore = false
        func add(_ count: Int, _ unit: String) {
            guard count != 0 else { return }
            let sign = count > 0 && negativeBefore ? "+" : ""
            parts.append("\(sign)\(count) \(unit)\(count == 1 ? "" : "s")")
            negativeBefore = count < 0
        }
        add(Int(months) / 12, "year")
        add(Int(months) % 12, "mon")
        add(Int(days), "day")
        var text = Array(parts.joined(separator: " ").utf8)
        if microseconds != 0 || parts.isEmpty {
            if !text.isEmpty { text.append(32) }
            if microseconds < 0 { text.append(45) } else if negativeBefore { text.append(43) }
            let magnitude = microseconds.magnitude
            let seconds = Int(magnitude / 1_000_000)
            Timestamp.appendPadded(seconds / 3600, width: 2, to: &text)
            text.append(58)
            Timestamp.appendPadded(seconds / 60 % 60, width: 2, to: &text)
            text.append(58)
            Timestamp.appendPadded(seconds % 60, width: 2, to: &text)
            Timestamp.appendFraction(Int(magnitude % 1_000_000), to: &text)
        }
        output.append(contentsOf: text)
    }

    /// The fields, each with the interval's own sign; magnitudes in 64 bits hold all of them.
    private struct Fields {
        let years: Int64, months: Int64, days: Int64
        let hours: Int64, minutes: Int64, seconds: Int64
        let fraction: Int64

        init(_ value: Interval) {
            years = Int64(value.months / 12)
            months = Int64(value.months % 12)
            days = Int64(value.days)
            hours = value.microseconds / 3_600_000_000
            minutes = value.microseconds / 60_000_000 % 60
            seconds = value.microseconds / 1_000_000 % 60
            fraction = value.microseconds % 1_000_000
        }

        /// The seconds with their fraction, without a sign.
        func appendSeconds(width: Int, to output: inout [UInt8]) {
            Timestamp.appendPadded(Int(seconds.magnitude), width: width, to: &output)
            Timestamp.appendFraction(Int(fraction.magnitude), to: &output)
        }

        var areSecondsNegative: Bool { seconds < 0 || fraction < 0 }
        var hasSeconds: Bool { seconds != 0 || fraction != 0 }
    }

    /// @ 1 year 2 mons -3 days 4 hours 5 mins 6 secs ago
    private func appendVerbose(to output: inout [UInt8]) {
        let fields = Fields(self)
        // The first field that there is decides about the direction; signs are seen from there.
        var isBefore: Bool?
        output.append(64)
        func add(_ value: Int64, _ unit: String) {
            guard value != 0 else { return }
            let before = isBefore ?? (value < 0)
            isBefore = before
            let shown = before ? -value : value
            output.append(contentsOf: " \(shown) \(unit)\(shown == 1 ? "" : "s")".utf8)
        }
        add(fields.years, "year")
        add(fields.months, "mon")
        add(fields.days, "day")
        add(fields.hours, "hour")
        add(fields.minutes, "min")
        if fields.hasSeconds {
            let before = isBefore ?? fields.areSecondsNegative
            isBefore = before
            output.append(32)
            if fields.areSecondsNegative != before { output.append(45) }
            fields.appendSeconds(width: 1, to: &output)
            let isOne = fields.seconds.magnitude == 1 && fields.fraction == 0
            output.append(contentsOf: (isOne ? " sec" : " secs").utf8)
        }
        guard let isBefore else { return output.append(contentsOf: " 0".utf8) }
        if isBefore { output.append(contentsOf: " ago".utf8) }
    }

    /// 1-2, 3 4:05:06, or +1-2 -3 +4:05:06 where the standard has no form.
    private func appendStandard(to output: inout [UInt8]) {
        let fields = Fields(self)
        let isNegative = months < 0 || days < 0 || microseconds < 0
        let isPositive = months > 0 || days > 0 || microseconds > 0
        guard isNegative || isPositive else { return output.append(48) }
        let isMixed =
            (isNegative && isPositive) || (months != 0 && (days != 0 || microseconds != 0))
        func clock(_ mark: String) {
            output.append(contentsOf: "\(mark)\(fields.hours.magnitude):".utf8)
            Timestamp.appendPadded(Int(fields.minutes.magnitude), width: 2, to: &output)
            output.append(58)
            fields.appendSeconds(width: 2, to: &output)
        }
        let (years, days) = (fields.years.magnitude, fields.days.magnitude)
        let yearText = "\(years)-\(fields.months.magnitude)"
        guard !isMixed else {
            let signs = [months < 0, self.days < 0, microseconds < 0].map { $0 ? "-" : "+" }
            output.append(contentsOf: "\(signs[0])\(yearText) \(signs[1])\(days) ".utf8)
            return clock(signs[2])
        }
        let sign = isNegative ? "-" : ""
        if months != 0 {
            output.append(contentsOf: (sign + yearText).utf8)
        } else {
            clock(days != 0 ? "\(sign)\(days) " : sign)
        }
    }

    /// P1Y2M3DT4H5M6.7S
    private func appendISO(to output: inout [UInt8]) {
        let fields = Fields(self)
        func add(_ value: Int64, _ unit: String) {
            if value != 0 { output.append(contentsOf: "\(value)\(unit)".utf8) }
        }
        output.append(80)
        add(fields.years, "Y")
        add(fields.months, "M")
        add(fields.days, "D")
        if months == 0, days == 0, microseconds == 0 {
            return output.append(contentsOf: "T0S".utf8)
        }
        guard microseconds != 0 else { return }
        output.append(84)
        add(fields.hours, "H")
        add(fields.minutes, "M")
        guard fields.hasSeconds else { return }
        if fields.areSecondsNegative { output.append(45) }
        fields.appendSeconds(width: 1, to: &output)
        output.append(83)
    }
}
