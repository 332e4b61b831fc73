import Types

/// Variance and standard deviation from exact sums of values and of their squares.
enum Variance {
    private static func isSample(_ function: Aggregate.Function) -> Bool {
        function == .varianceSample || function == .deviationSample
    }

    private static func isDeviation(_ function: Aggregate.Function) -> Bool {
        function == .deviationPopulation || function == .deviationSample
    }

    /// Of integers and numerics, with the scales of PostgreSQL's numeric_stddev_internal.
    static func numeric(
        _ values: NumericSum.Target, _ squares: NumericSum.Target, _ function: Aggregate.Function
    ) throws(SQLError) -> Value {
        let count = values.words[values.at]
        if count == 0 || (count == 1 && isSample(function)) { return .null }
        guard NumericSum.special(values) == nil else { return .numeric(.nan) }
        // Products of sums are long where the result is not: they stay out of the table of wide numerics.
        let (sum, rows) = (NumericSum.exact(values), ExactDecimal(count))
        let spread = rows * NumericSum.exact(squares) + (sum * sum).negated
        guard !spread.value.isNegative, !spread.value.isZero else { return .numeric(.zero) }
        let divisor = rows * (isSample(function) ? ExactDecimal(count - 1) : rows)
        let variance = try spread.divided(by: divisor)
        return .numeric(
            isDeviation(function) ? try variance.squareRoot(scale: Int(variance.scale)) : variance)
    }

    /// Of doubles, in twice their precision.
    static func double(_ words: Cells<Int64>, _ at: Int, _ function: Aggregate.Function)
        throws(SQLError) -> Value
    {
        let count = words[at]
        if count == 0 || (count == 1 && isSample(function)) { return .null }
        guard let sum = FloatSum.parts(words, at),
            let squares = FloatSum.parts(words, at + FloatSum.width)
        else { return .double(.nan) }
        let rows = Double(count)
        // rows × squares - sum × sum
        let spread = minus(times(squares, rows), times(sum, sum))
        let divisor = isSample(function) ? rows * (rows - 1) : rows * rows
        let variance = max((spread.high + spread.low) / divisor, 0)
        return .double(isDeviation(function) ? variance.squareRoot() : variance)
    }

    typealias Wide = (high: Double, low: Double)

    private static func times(_ a: Wide, _ b: Double) -> Wide {
        let high = a.high * b
        return (high, (-high).addingProduct(a.high, b) + a.low * b)
    }

    private static func times(_ a: Wide, _ b: Wide) -> Wide {
        let high = a.high * b.high
        return (high, (-high).addingProduct(a.high, b.high) + (a.high * b.low + a.low * b.high))
    }

    private static func minus(_ a: Wide, _ b: Wide) -> Wide {
        let high = a.high - b.high
        let back = high - a.high
        let rest = (a.high - (high - back)) - (b.high + back)
        return (high, rest + (a.low - b.low))
    }
}
