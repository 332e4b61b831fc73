extension Interval {
    /// PostgreSQL's `postgres` IntervalStyle: `1 year 2 mons 3 days 04:05:06`.
    package func appendText(to output: inout [UInt8]) {
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

    /// Reads `1 day 2 hours`, `10 seconds`, `-1 mon +3 days 04:05:06`, `04:05`, `1.5 hours`.
    /// - Returns: nil when the text is no interval.
    package static func parse(_ text: some Collection<UInt8>, defaultUnit: String = "second")
        -> Interval?
    {
        var words = String(decoding: text, as: UTF8.self).lowercased()
            .split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\n" }).map(String.init)
        guard !words.isEmpty else { return nil }
        if words.first == "@" { words.removeFirst() }
        let isAgo = words.last == "ago"
        if isAgo { words.removeLast() }
        var result = Accumulator()
        var index = 0
        while index < words.count {
            let word = words[index]
            if word.contains(":") {
                guard result.addClock(word) else { return nil }
                index += 1
                continue
            }
            let split = word.firstIndex { $0.isLetter }
            let number = split.map { String(word[..<$0]) } ?? word
            var unit = split.map { String(word[$0...]) }
            if unit == nil, index + 1 < words.count, words[index + 1].first?.isLetter == true {
                index += 1
                unit = words[index]
            }
            guard let value = Double(number), result.add(value, unit: unit ?? defaultUnit) else {
                return nil
            }
            index += 1
        }
        return result.interval(negated: isAgo)
    }

    private struct Accumulator {
        var months = 0.0
        var days = 0.0
        var microseconds = 0.0

        mutating func add(_ value: Double, unit: String) -> Bool {
            let name = unit.hasSuffix("s") && unit.count > 2 ? String(unit.dropLast()) : unit
            switch name {
            case "microsecond", "us", "usec": microseconds += value
            case "millisecond", "ms", "msec": microseconds += value * 1e3
            case "second", "sec", "s": microseconds += value * 1e6
            case "minute", "min", "m": microseconds += value * 60e6
            case "hour", "hr", "h": microseconds += value * 3600e6
            case "day", "d": addDays(value)
            case "week", "w": addDays(value * 7)
            case "month", "mon": addMonths(value)
            case "quarter": addMonths(value * 3)
            case "year", "yr", "y": months += (value * 12).rounded(.toNearestOrAwayFromZero)
            case "decade": addMonths(value * 120)
            case "century", "centurie": addMonths(value * 1200)
            default: return false
            }
            return true
        }

        private mutating func addDays(_ value: Double) {
            days += value.rounded(.towardZero)
            microseconds += (value - value.rounded(.towardZero)) * 86400e6
        }

        private mutating func addMonths(_ value: Double) {
            months += value.rounded(.towardZero)
            addDays((value - value.rounded(.towardZero)) * 30)
        }

        mutating func addClock(_ word: String) -> Bool {
            let negative = word.hasPrefix("-")
            let body = word.hasPrefix("-") || word.hasPrefix("+") ? word.dropFirst() : word[...]
            let parts = body.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2 || parts.count == 3, let hours = Double(parts[0]),
                let minutes = Double(parts[1]), minutes < 60
            else { return false }
            var total = hours * 3600e6 + minutes * 60e6
            if parts.count == 3 {
                guard let seconds = Double(parts[2]), seconds <= 60 else { return false }
                total += seconds * 1e6
            }
            microseconds += negative ? -total : total
            return true
        }

        func interval(negated: Bool) -> Interval? {
            let sign = negated ? -1.0 : 1.0
            guard let m = Int32(exactly: (months * sign).rounded()),
                let d = Int32(exactly: (days * sign).rounded()),
                let u = Int64(exactly: (microseconds * sign).rounded())
            else { return nil }
            return Interval(months: m, days: d, microseconds: u)
        }
    }
}
