/// One SQL value, for literals, parameters and edges; never used per row in the data path.
package enum Value: Hashable, Sendable {
    case null
    case bool(Bool)
    /// Every integer-like type: integers, oid, timestamp (microseconds since 2000-01-01).
    case int(Int64)
    case double(Double)
    case numeric(Numeric)
    case text([UInt8])
    case interval(Interval)

    /// A text value.
    package static func string(_ text: String) -> Value { .text(Array(text.utf8)) }

    package var isNull: Bool { self == .null }

    /// The text of a `.text` value.
    package var string: String? {
        guard case .text(let bytes) = self else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The same for all values that are equal in SQL: 1.0 and 1.00, 0.0 and -0.0.
    package var canonical: Value {
        switch self {
        case .numeric(let numeric): .numeric(numeric.canonical)
        case .double(let double) where double == 0: .double(0)
        case .interval(let interval): .numeric(Numeric(coefficient: interval.normalized, scale: 0))
        default: self
        }
    }

    /// The bytes of a text; 0 for other values, which take none beside the value itself.
    package var byteCount: Int {
        if case .text(let bytes) = self { return bytes.count }
        return 0
    }

    package var int: Int64? {
        guard case .int(let value) = self else { return nil }
        return value
    }
}

/// Values are equal when their images are: -0.0 is not 0.0, and NaN is NaN.
extension Value {
    package static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.double(let a), .double(let b)):
            a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN)
        case (.numeric(let a), .numeric(let b)): a == b
        case (.text(let a), .text(let b)): a == b
        case (.interval(let a), .interval(let b)): a == b
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let bool): hasher.combine(bool)
        case .int(let int): hasher.combine(int)
        case .double(let double): hasher.combine(double.isNaN ? 0 : double.bitPattern)
        case .numeric(let numeric): hasher.combine(numeric)
        case .text(let text): hasher.combine(text)
        case .interval(let interval): hasher.combine(interval)
        }
    }
}
