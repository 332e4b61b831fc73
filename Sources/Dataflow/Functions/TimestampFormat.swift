import Types

/// to_char(timestamp): PostgreSQL's template patterns.
enum TimestampFormat {
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]
    private static let days = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]

    /// Longest first where one is a prefix of another.
    private static let patterns = [
        "YYYY", "YYY", "YY", "Y,YYY", "MONTH", "Month", "month", "MON", "Mon", "mon", "MM", "MI",
        "MS",
        "DDD", "DD", "DAY", "Day", "day", "DY", "Dy", "dy", "D", "HH24", "HH12", "HH", "SSSS", "SS",
        "US", "AM", "PM", "am", "pm", "Q", "Y", "yyyy", "mm", "dd", "hh24", "hh12", "hh", "mi",
        "ss",
        "ms", "us",
    ].map { Array($0.utf8) }

    /// - Returns: the text, and whether it depends on the time of day.
    static func text(_ value: Int64, _ format: [UInt8]) -> (text: [UInt8], usesTime: Bool) {
        let fields = Timestamp.fields(value)
        let weekday = Int(((Timestamp.split(value).day + 6) % 7 + 7) % 7)
        var output: [UInt8] = []
        var usesTime = false
        var index = 0
        var fillMode = false
        while index < format.count {
            let rest = format[index...]
            if format[index] == 34 {
                index += 1
                while index < format.count, format[index] != 34 {
                    output.append(format[index])
                    index += 1
                }
                index += 1
                continue
            }
            if rest.starts(with: [70, 77]) {
                fillMode = true
                index += 2
                continue
            }
            guard let pattern = patterns.first(where: { rest.starts(with: $0) }) else {
                output.append(format[index])
                index += 1
                continue
            }
            let name = String(decoding: pattern, as: UTF8.self)
            usesTime =
                usesTime
                || "hHmMsSuUaAp".contains(name.first ?? " ") && name.lowercased() != "mm"
                    && !name.lowercased().hasPrefix("mon")
                || name == "P"
            append(name, fields, weekday, fillMode, to: &output)
            fillMode = false
            index += pattern.count
        }
        return (output, usesTime || output.isEmpty)
    }

    private static func append(
        _ name: String, _ f: Timestamp.Fields, _ weekday: Int, _ fill: Bool,
        to output: inout [UInt8]
    ) {
        func number(_ value: Int, _ width: Int) {
            Timestamp.appendPadded(value, width: fill ? 1 : width, to: &output)
        }
        func word(_ text: String, _ width: Int) {
            output.append(contentsOf: text.utf8)
            if !fill { for _ in 0..<max(0, width - text.utf8.count) { output.append(32) } }
        }
        let twelve = f.hour % 12 == 0 ? 12 : f.hour % 12
        switch name {
        case "YYYY", "yyyy": number(f.year, 4)
        case "YYY": number(f.year % 1000, 3)
        case "YY": number(f.year % 100, 2)
        case "Y": number(f.year % 10, 1)
        case "Y,YYY":
            number(f.year / 1000, 1)
            output.append(44)
            Timestamp.appendPadded(f.year % 1000, width: 3, to: &output)
        case "MONTH": word(months[f.month - 1].uppercased(), 9)
        case "Month": word(months[f.month - 1], 9)
        case "month": word(months[f.month - 1].lowercased(), 9)
        case "MON": word(months[f.month - 1].prefix(3).uppercased(), 3)
        case "Mon": word(String(months[f.month - 1].prefix(3)), 3)
        case "mon": word(months[f.month - 1].prefix(3).lowercased(), 3)
        case "MM", "mm": number(f.month, 2)
        case "MI", "mi": number(f.minute, 2)
        case "MS", "ms": number(f.microsecond / 1000, 3)
        case "US", "us": number(f.microsecond, 6)
        case "DDD":
            let first = Timestamp.days(year: f.year, month: 1, day: 1)
            number(Int(Timestamp.days(year: f.year, month: f.month, day: f.day) - first) + 1, 3)
        case "DD", "dd": number(f.day, 2)
        case "DAY": word(days[weekday].uppercased(), 9)
        case "Day": word(days[weekday], 9)
        case "day": word(days[weekday].lowercased(), 9)
        case "DY": word(days[weekday].prefix(3).uppercased(), 3)
        case "Dy": word(String(days[weekday].prefix(3)), 3)
        case "dy": word(days[weekday].prefix(3).lowercased(), 3)
        case "D": number(weekday + 1, 1)
        case "HH24", "hh24": number(f.hour, 2)
        case "HH12", "HH", "hh12", "hh": number(twelve, 2)
        case "SSSS": number(f.hour * 3600 + f.minute * 60 + f.second, 1)
        case "SS", "ss": number(f.second, 2)
        case "AM", "PM": word(f.hour < 12 ? "AM" : "PM", 2)
        case "am", "pm": word(f.hour < 12 ? "am" : "pm", 2)
        case "Q": number((f.month - 1) / 3 + 1, 1)
        default: break
        }
    }
}
