import CPure
import State
import Types

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
        /// The extreme of an append-only input of another type, in `bestValues`.
        case extremeBest
        case bools
        case bits
        case integerVariance
        case floatVariance
        /// All values in order, in `collected`.
        case collection
        case single
    }

    let aggregate: Aggregate
    private let shape: Shape
    private let argumentType: DataType
    let width: Int
    let tree: ExtremeTree?
    /// Values in order, of aggregates that put them together.
    let collected: CollectedValues?

    init(_ aggregate: Aggregate, appendOnly: Bool) {
        self.aggregate = aggregate
        argumentType = aggregate.argument?.type ?? .int8
        switch aggregate.function {
        case .countAll, .count: shape = .count
        case .min, .max:
            shape =
                !appendOnly
                ? .extreme : (argumentType.physical == .int64 ? .extremeWord : .extremeBest)
        case .boolAnd, .boolOr: shape = .bools
        case .bitAnd, .bitOr, .bitXor: shape = .bits
        case .stringAgg, .arrayAgg, .jsonAgg, .jsonbAgg, .jsonObjectAgg, .jsonbObjectAgg:
            shape = .collection
        case .single: shape = .single
        case .variancePopulation, .varianceSample, .deviationPopulation, .deviationSample:
            shape = argumentType.physical == .double ? .floatVariance : .integerVariance
        case .sum, .avg:
            switch argumentType.physical {
            case .numeric: shape = .numericSum
            case .double: shape = .floatSum
            case .interval: shape = .intervalSum
            case .int64, .bool, .text, .json: shape = .integerSum
            }
        }
        switch shape {
        case .count: width = 1
        case .integerSum: width = 3
        case .numericSum: width = NumericSum.width
        case .floatSum: width = FloatSum.width
        case .intervalSum: width = 5
        case .extreme, .extremeBest: width = 1
        case .extremeWord: width = 2
        case .bools: width = 2
        // How many values have each bit set, behind the count.
        case .bits: width = 65
        case .integerVariance: width = NumericSum.width * 2
        case .floatVariance: width = FloatSum.width * 2
        case .collection, .single: width = 1
        }
        tree =
            shape == .extreme || shape == .single
            ? ExtremeTree(wantsLeast: aggregate.function != .max) : nil
        collected = shape == .collection ? CollectedValues() : nil
    }

    /// What the words of numeric sums cannot hold.
    let wideSums = WideSums()

    /// By group, where the input only grows.
    private var bestValues: [Value?] = []

    var keepsBest: Bool { shape == .extremeBest }

    var argumentPhysical: DataType.Physical { argumentType.physical }

    func best(_ group: UInt32) -> Value? {
        Int(group) < bestValues.count ? bestValues[Int(group)] : nil
    }

    func setBest(_ group: UInt32, _ value: Value) {
        if value.isNull { return }
        while bestValues.count <= Int(group) { bestValues.append(nil) }
        bestValues[Int(group)] = value
    }

    /// Takes the row's value when it is better than the group's.
    private func improve(_ group: UInt32, _ view: ColumnView, _ row: Int) {
        if let old = best(group) {
            if case .text(let bytes) = old, view.kind == .text {
                // Most values are no better: they are compared where they lie.
                let order = unsafe bytes.withUnsafeBufferPointer { held in
                    let new = unsafe view.text(row)
                    return unsafe compareBytes(new, held)
                }
                if aggregate.function == .min ? order >= 0 : order <= 0 { return }
            } else {
                let order = ExtremeTree.order(ExtremeTree.key(view, row), old)
                if aggregate.function == .min ? order >= 0 : order <= 0 { return }
            }
        }
        setBest(group, ExtremeTree.key(view, row))
    }

    private func compareBytes(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>)
        -> Int
    {
        guard let x = a.baseAddress, let y = b.baseAddress else { return a.count - b.count }
        return Int(unsafe cpure_compare(x, a.count, y, b.count))
    }

    /// Whether rows whose argument is NULL count.
    var takesNulls: Bool {
        switch aggregate.function {
        case .single, .arrayAgg, .jsonAgg, .jsonbAgg, .jsonObjectAgg, .jsonbObjectAgg: true
        default: false
        }
    }

    /// Whether only the first of equal values counts, and has to be looked up.
    /// Whether equal values that look different (1.0 and 1.00, a day and 24 hours) add differently.
    var dependsOnImage: Bool {
        switch shape {
        case .numericSum, .intervalSum: true
        default: aggregate.argument?.type.physical == .numeric && aggregate.function != .count
        }
    }

    var needsDeduplication: Bool {
        guard aggregate.isDistinct else { return false }
        switch aggregate.function {
        case .min, .max, .boolAnd, .boolOr, .bitAnd, .bitOr, .countAll, .single: return false
        case .stringAgg, .arrayAgg, .jsonAgg, .jsonbAgg, .jsonObjectAgg, .jsonbObjectAgg:
            return false
        default: return true
        }
    }

    /// Whether its rows are kept beside the words.
    var remembersRows: Bool { tree != nil || collected != nil }

    /// Takes back a remembered row; `columns` as `AggregateOperator.keepForCapture` lays them out.
    func restore(_ columns: [Column], _ row: Int, _ group: UInt32, _ weight: Int64) {
        let argument = columns[0]
        if argument.isNull(row), !takesNulls { return }
        if let collected {
            collected.add(
                group, key: columns[3].textBytes(row), argument.value(row), columns[2].value(row),
                weight)
        } else if !argument.isNull(row) {
            let view = argument.view
            withExtendedLifetime(argument) { tree?.add(group, ExtremeTree.key(view, row), weight) }
        }
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
        case .numericSum:
            NumericSum.add(
                view.numeric(row), weight, numericSum(words, at, group))
        case .floatSum: FloatSum.add(view.double(row), weight, words, at)
        case .intervalSum:
            let value = view.interval(row)
            words[at] &+= weight
            words[at + 1] &+= Int64(value.months) &* weight
            words[at + 2] &+= Int64(value.days) &* weight
            let sum =
                Accumulator.int128(words, at + 3) &+ Int128(value.microseconds) &* Int128(weight)
            Accumulator.store(sum, words, at + 3)
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
        case .extremeBest:
            words[at] &+= weight
            improve(group, view, row)
        case .bools: words[at + (view.bool(row) != 0 ? 0 : 1)] &+= weight
        case .bits:
            words[at] &+= weight
            let value = view.int64(row)
            for bit in 0..<64 where value >> Int64(bit) & 1 == 1 { words[at + 1 + bit] &+= weight }
        case .integerVariance:
            let value =
                argumentType.physical == .numeric
                ? view.numeric(row) : Numeric(coefficient: Int128(view.int64(row)), scale: 0)
            NumericSum.add(value, weight, numericSum(words, at, group))
            NumericSum.addSquare(value, weight, squareSum(words, at, group))
        case .floatVariance:
            let value = view.double(row)
            FloatSum.add(value, weight, words, at)
            // The square exactly: what a double cannot hold of it is added by itself.
            let square = value * value
            FloatSum.add(square, weight, words, at + FloatSum.width)
            if square.isFinite {
                let rest = (-square).addingProduct(value, value)
                FloatSum.add(rest, weight, words, at + FloatSum.width)
                words[at + FloatSum.width] &-= weight
            }
        case .single:
            words[at] &+= weight
            if !view.isNull(row) { tree?.add(group, ExtremeTree.key(view, row), weight) }
        case .collection: words[at] &+= weight
        }
    }

    private func numericSum(_ words: Cells<Int64>, _ at: Int, _ group: UInt32)
        -> NumericSum.Target
    {
        NumericSum.Target(words: words, at: at, wide: wideSums, group: group)
    }

    private func squareSum(_ words: Cells<Int64>, _ at: Int, _ group: UInt32) -> NumericSum.Target {
        NumericSum.Target(
            words: words, at: at + NumericSum.width, wide: wideSums, group: group, part: 1)
    }

    /// Whether sums of it may have a part beside the words.
    var hasWideSums: Bool { shape == .numericSum || shape == .integerVariance }

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
            return try NumericSum.value(
                numericSum(words, at, group), isAverage: aggregate.function == .avg)
        case .floatSum:
            let sum = try FloatSum.value(words, at, isAverage: aggregate.function == .avg)
            guard aggregate.result.kind == .float4, case .double(let value) = sum else {
                return sum
            }
            return .double(try ArithmeticFunctions.single(value))
        case .intervalSum:
            if words[at] == 0 { return .null }
            guard let months = Int32(exactly: words[at + 1]),
                let days = Int32(exactly: words[at + 2]),
                let microseconds = Int64(exactly: Accumulator.int128(words, at + 3))
            else { throw Interval.outOfRange }
            let sum = Interval(months: months, days: days, microseconds: microseconds)
            if aggregate.function == .sum { return .interval(sum) }
            return .interval(try Interval.divide(sum, Double(words[at])))
        case .extreme: return tree?.extreme(group) ?? .null
        case .extremeWord: return words[at] > 0 ? .int(words[at + 1]) : .null
        case .extremeBest: return words[at] > 0 ? best(group) ?? .null : .null
        case .bools:
            let (trues, falses) = (words[at], words[at + 1])
            if trues + falses == 0 { return .null }
            return .bool(aggregate.function == .boolAnd ? falses == 0 : trues > 0)
        case .bits:
            if words[at] == 0 { return .null }
            var value: Int64 = 0
            let needed = aggregate.function == .bitAnd ? words[at] : 1
            for bit in 0..<64 {
                let count = words[at + 1 + bit]
                let isSet = aggregate.function == .bitXor ? count & 1 == 1 : count >= needed
                if isSet { value |= 1 << Int64(bit) }
            }
            return .int(value)
        case .integerVariance:
            return try Variance.numeric(
                numericSum(words, at, group), squareSum(words, at, group), aggregate.function)
        case .floatVariance: return try Variance.double(words, at, aggregate.function)
        case .single:
            // Who reads it looks at the number of rows first.
            return words[at] == 1 ? tree?.extreme(group) ?? .null : .null
        case .collection:
            return try collected?.value(
                group, aggregate, argumentType) ?? .null
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
