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

    package var int: Int64? {
        guard case .int(let value) = self else { return nil }
        return value
    }
}
