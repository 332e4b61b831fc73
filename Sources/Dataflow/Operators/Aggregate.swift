import State
package import Types

/// One aggregate of a GROUP BY.
package struct Aggregate: Sendable {
    /// The aggregate functions that there are.
    package enum Function: String, Sendable {
        case countAll = "count(*)"
        case count, sum, avg, min, max
        case boolAnd = "bool_and"
        case boolOr = "bool_or"
    }

    package let function: Function
    /// Over the aggregate operator's input; nil for count(*).
    package let argument: Expr?
    package let filter: Expr?
    package let result: DataType

    package init(_ function: Function, argument: Expr?, filter: Expr?, result: DataType) {
        self.function = function
        self.argument = argument
        self.filter = filter
        self.result = result
    }

    /// The result type for an argument type; nil when there is no such aggregate.
    package static func resultType(_ function: Function, _ argument: DataType) -> DataType? {
        switch function {
        case .countAll, .count: return .int8
        case .sum:
            switch argument.kind {
            case .int2, .int4: return .int8
            case .int8, .numeric: return .numeric
            case .float8, .interval: return argument.base
            default: return nil
            }
        case .avg:
            switch argument.kind {
            case .int2, .int4, .int8, .numeric: return .numeric
            case .float8: return .float8
            default: return nil
            }
        case .min, .max:
            if argument.kind == .boolean || argument.kind == .unknown || argument.kind == .name {
                return nil
            }
            return argument.base
        case .boolAnd, .boolOr: return argument.kind == .boolean ? .boolean : nil
        }
    }
}

/// Updates and reads the words of one aggregate within a group's words.
///
/// What the words cannot hold (extremes under retraction, texts) is in an `ExtremeTree` beside them.
final class Accumulator {
    private enum Shape {
        case count
        case integerSum
        case numericSum
        case floatSum
        case intervalSum
        case extreme
        /// The extreme of an append-only input, in a word: nothing has to be remembered beside it.
        case extremeWord
        case bools
    }

    let aggregate: Aggregate
    private let shape: Shape
    private let argumentType: DataType
    let width: Int
    let tree: ExtremeTree?

    init(_ aggregate: Aggregate, appendOnly: Bool) {
        self.aggregate = aggregate
        argumentType = aggregate.argument?.type ?? .int8
        switch aggregate.function {
        case .countAll, .count: shape = .count
        case .min, .max:
            shape = appendOnly && argumentType.physical == .int64 ? .extremeWord : .extreme
        case .boolAnd, .boolOr: shape = .bools
        case .sum, .avg:
            switch argumentType.physical {
            case .numeric: shape = .numericSum
            case .double: shape = .floatSum
            case .interval: shape = .intervalSum
            case .int64, .bool, .text: shape = .integerSum
            }
        }
        switch shape {
        case .count: width = 1
        case .integerSum: width = 3
        case .numericSum: width = NumericSum.width
        case .floatSum: width = FloatSum.width
        case .intervalSum: width = 4
        case .extreme: width = 1
        case .extremeWord: width = 2
        case .bools: width = 2
        }
        tree = shape == .extreme ? ExtremeTree(wantsLeast: aggregate.function == .min) : nil
    }

    /// Adds a row with its weight; the argument is not NULL.
    func add(
        _ view: ColumnView, _ row: Int, weight: Int64, group: UInt32, words: Cells<Int64>, _ at: Int
    )
        throws(SQLError)
    {
        switch shape {
        case .count: words[at] &+= weight
        case .integerSum:
            words[at] &+= weight
            let sum = Accumulator.int128(words, at + 1) &+ Int128(view.int64(row)) &* Int128(weight)
            Accumulator.store(sum, words, at + 1)
        case .numericSum: try NumericSum.add(view.numeric(row), weight, words, at)
        case .floatSum: FloatSum.add(view.double(row), weight, words, at)
        case .intervalSum:
            let value = view.interval(row)
            words[at] &+= weight
            words[at + 1] &+= Int64(value.months) &* weight
            words[at + 2] &+= Int64(value.days) &* weight
            words[at + 3] &+= value.microseconds &* weight
        case .extreme:
            words[at] &+= weight
            tree?.add(group, ExtremeTree.key(view, row), weight)
        case .extremeWord:
            let value = view.int64(row)
            let isBetter =
                words[at] == 0
                || (aggregate.function == .min ? value < words[at + 1] : value > words[at + 1])
            if isBetter { words[at + 1] = value }
            words[at] &+= weight
        case .bools: words[at + (view.bool(row) != 0 ? 0 : 1)] &+= weight
        }
    }

    func addCountAll(_ weight: Int64, _ words: Cells<Int64>, _ at: Int) { words[at] &+= weight }

    static func int128(_ words: Cells<Int64>, _ at: Int) -> Int128 {
        Int128(words[at + 1]) << 64 | Int128(UInt64(bitPattern: words[at]))
    }

    static func store(_ value: Int128, _ words: Cells<Int64>, _ at: Int) {
        words[at] = Int64(truncatingIfNeeded: value)
        words[at + 1] = Int64(truncatingIfNeeded: value >> 64)
    }

    /// The aggregate's value. Extremes are those of now, whatever `words` says.
    func value(_ words: Cells<Int64>, _ at: Int, group: UInt32) throws(SQLError) -> Value {
        switch shape {
        case .count: return .int(words[at])
        case .integerSum: return try integerResult(words[at], Accumulator.int128(words, at + 1))
        case .numericSum:
            return try NumericSum.value(words, at, isAverage: aggregate.function == .avg)
        case .floatSum: return try FloatSum.value(words, at, isAverage: aggregate.function == .avg)
        case .intervalSum:
            if words[at] == 0 { return .null }
            return .interval(
                Interval(
                    months: Int32(truncatingIfNeeded: words[at + 1]),
                    days: Int32(truncatingIfNeeded: words[at + 2]), microseconds: words[at + 3]))
        case .extreme: return tree?.extreme(group) ?? .null
        case .extremeWord: return words[at] > 0 ? .int(words[at + 1]) : .null
        case .bools:
            let (trues, falses) = (words[at], words[at + 1])
            if trues + falses == 0 { return .null }
            return .bool(aggregate.function == .boolAnd ? falses == 0 : trues > 0)
        }
    }

    private func integerResult(_ count: Int64, _ sum: Int128) throws(SQLError) -> Value {
        if count == 0 { return .null }
        if aggregate.function == .avg {
            return .numeric(
                try Numeric.divide(Numeric(coefficient: sum, scale: 0), Numeric(count)))
        }
        if aggregate.result.kind == .numeric {
            return .numeric(Numeric(coefficient: sum, scale: 0))
        }
        guard let int = Int64(exactly: sum) else {
            throw SQLError(.numericValueOutOfRange, "bigint out of range")
        }
        return .int(int)
    }
}
