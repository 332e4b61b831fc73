/// The modifier of an interval type: which fields it has, and to how many digits its seconds go.
///
/// PostgreSQL's bits: the fields in the upper half, the digits in the lower one.
package struct IntervalFields: Hashable, Sendable {
    private static let month: Int32 = 1 << 1
    private static let year: Int32 = 1 << 2
    private static let day: Int32 = 1 << 3
    private static let hour: Int32 = 1 << 10
    private static let minute: Int32 = 1 << 11
    private static let second: Int32 = 1 << 12
    private static let all: Int32 = 0x7FFF
    private static let anyDigits: Int32 = 0xFFFF

    private let fields: Int32
    private let digits: Int32

    package init(modifier: Int32) {
        fields = modifier < 0 ? IntervalFields.all : (modifier >> 16) & IntervalFields.all
        digits = modifier < 0 ? IntervalFields.anyDigits : modifier & IntervalFields.anyDigits
    }

    private init(_ fields: Int32) {
        self.fields = fields
        digits = IntervalFields.anyDigits
    }

    private static let names: [(String, IntervalFields)] = [
        ("year", .init(year)), ("month", .init(month)), ("day", .init(day)),
        ("hour", .init(hour)), ("minute", .init(minute)), ("second", .init(second)),
        ("year to month", .init(year | month)), ("day to hour", .init(day | hour)),
        ("day to minute", .init(day | hour | minute)),
        ("day to second", .init(day | hour | minute | second)),
        ("hour to minute", .init(hour | minute)),
        ("hour to second", .init(hour | minute | second)),
        ("minute to second", .init(minute | second)),
    ]

    /// The modifier for the fields of a name like `day to second`, nil for all of them, and a number
    /// of digits. - Returns: nil when there are no such fields.
    package static func modifier(fields name: String?, digits: Int?) -> Int32? {
        guard name != nil || digits != nil else { return -1 }
        var mask = all
        if let name {
            guard let found = names.first(where: { $0.0 == name }) else { return nil }
            mask = found.1.fields
        }
        let precision = digits.map { Int32(clamping: min($0, 6)) } ?? anyDigits
        return mask << 16 | precision
    }

    /// What stands behind the type's name: ` day to second(3)`, `(3)`.
    package var suffix: String {
        let name = IntervalFields.names.first { $0.1.fields == fields }.map { " " + $0.0 } ?? ""
        return digits == IntervalFields.anyDigits ? name : name + "(\(digits))"
    }

    /// What a number without a unit counts.
    var unitOfBareNumber: TimeWords.Unit {
        let lowest = [
            (IntervalFields.second, TimeWords.Unit.second), (IntervalFields.minute, .minute),
            (IntervalFields.hour, .hour), (IntervalFields.day, .day),
            (IntervalFields.month, .month), (IntervalFields.year, .year),
        ]
        return lowest.first { fields & $0.0 != 0 }?.1 ?? .second
    }

    var isMinuteToSecond: Bool { fields == IntervalFields.minute | IntervalFields.second }

    /// The interval without what lies below the fields, its seconds rounded.
    package func applied(to value: Interval) -> Interval {
        var result = value
        if fields != IntervalFields.all, fields & IntervalFields.second == 0 {
            switch unitOfBareNumber {
            case .minute: result.microseconds -= value.microseconds % 60_000_000
            case .hour: result.microseconds -= value.microseconds % 3_600_000_000
            case .day: result.microseconds = 0
            default:
                result.microseconds = 0
                result.days = 0
                if fields == IntervalFields.year { result.months -= value.months % 12 }
            }
        }
        guard digits < 6 else { return result }
        result.microseconds = TimeText.rounded(result.microseconds, toDigits: digits)
        return result
    }
}
