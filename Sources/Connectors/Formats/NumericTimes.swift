import Types

/// Times as numbers since 1970, which change capture writes (Debezium's temporal types).
enum NumericTimes {
    /// The value for a JSON number; nil when the text is none, the type is no time or the time none that
    /// the type has.
    static func value(_ text: [UInt8], _ kind: DataType.Kind) -> Value? {
        guard let number = Int64(String(decoding: text, as: UTF8.self)) else { return nil }
        switch kind {
        // Days.
        case .date:
            let (day, overflow) = number.subtractingReportingOverflow(10_957)
            return !overflow && CalendarDate.inRange(day) ? .int(day) : nil
        // Microseconds.
        case .time: return (0...Timestamp.microsecondsPerDay).contains(number) ? .int(number) : nil
        case .timestamp, .timestamptz:
            let time = microseconds(number) - 946_684_800_000_000
            return Timestamp.inRange(time) ? .int(time) : nil
        default: return nil
        }
    }

    /// The unit shows in the size: seconds, milliseconds, microseconds or nanoseconds.
    private static func microseconds(_ number: Int64) -> Int64 {
        switch number.magnitude {
        case ..<100_000_000_000: number * 1_000_000
        case ..<100_000_000_000_000: number * 1000
        case ..<100_000_000_000_000_000: number
        default: number / 1000
        }
    }
}
