import Types

/// generate_series as an array of its values: `SeriesOperator` gives them without one.
package enum SeriesFunctions {
    /// Not to be called by users; `generate_series` is bound to it.
    package static let name = "generate_series@array"

    /// An array holds no more.
    private static let mostElements = 1_000_000

    static let all: [ScalarFunction] =
        [DataType.int4, .int8, .numeric].flatMap { type in
            [function([type, type], type), function([type, type, type], type)]
        } + [
            function([.timestamp, .timestamp, .interval], .timestamp),
            function([.timestamptz, .timestamptz, .interval, .text], .timestamptz, "@zone"),
        ]

    private static func function(_ types: [DataType], _ type: DataType, _ suffix: String = "")
        -> ScalarFunction
    {
        ScalarFunction(name + suffix, types, .array(of: type.kind), strict: false, canFail: true) {
            e, c in
            RowKernels.texts(e, c, strict: false) { (row) throws(SQLError) in
                guard var series = try Series(c, type, row) else { return nil }
                var elements: [Value] = []
                while let value = try series.next() {
                    guard elements.count < mostElements else {
                        throw SQLError(
                            .programLimitExceeded,
                            "generate_series gives more than \(mostElements) rows here",
                            hint: "There is no limit where it stands alone, or in FROM.")
                    }
                    elements.append(value)
                }
                return ArrayValue(elements).encoded(type.kind)
            }
        }
    }
}

/// The values of one generate_series, one after the other.
struct Series {
    /// `next` is nil behind the last integer that there is.
    private enum Steps {
        case integers(next: Int64?, stop: Int64, step: Int64)
        case numerics(next: Numeric, stop: Numeric, step: Numeric)
        case times(next: Int64, stop: Int64, step: Interval, sign: Int, zone: TimeZoneRules?)
    }

    private var steps: Steps

    /// - Parameter columns: start, stop and step, the last of which numbers may lack, and the zone's name
    ///   with points in time.
    /// - Returns: nil where one is NULL. - Throws: 22023.
    init?(_ columns: [Column], _ type: DataType, _ row: Int) throws(SQLError) {
        if columns.contains(where: { $0.isNull(row) }) { return nil }
        switch type.kind {
        case .numeric: steps = try Series.numerics(columns, row)
        case .timestamp, .timestamptz: steps = try Series.times(columns, row)
        default:
            let cells = columns.map { $0.int64s.cells[row] }
            let step = cells.count > 2 ? cells[2] : 1
            if step == 0 { throw Series.zeroStep }
            steps = .integers(next: cells[0], stop: cells[1], step: step)
        }
    }

    private static let zeroStep = SQLError(
        .invalidParameterValue, "step size cannot equal zero")

    private static func numerics(_ columns: [Column], _ row: Int) throws(SQLError) -> Steps {
        let names = ["start value", "stop value", "step size"]
        var numbers: [Numeric] = []
        for (column, name) in zip(columns, names) {
            guard case .numeric(let number) = column.value(row) else { continue }
            guard number.isFinite else {
                throw SQLError(
                    .invalidParameterValue,
                    "\(name) cannot be \(number.form == .nan ? "NaN" : "infinity")")
            }
            numbers.append(number)
        }
        let step = numbers.count > 2 ? numbers[2] : Numeric(Int64(1))
        if step.signum == 0 { throw zeroStep }
        return .numerics(next: numbers[0], stop: numbers[1], step: step)
    }

    private static func times(_ columns: [Column], _ row: Int) throws(SQLError) -> Steps {
        let step = columns[2].intervals.cells[row]
        let sign = step.normalized
        if sign == 0 { throw zeroStep }
        let start = columns[0].int64s.cells[row]
        guard Timestamp.isFinite(start) else {
            throw SQLError(.invalidParameterValue, "start value cannot be infinite")
        }
        return .times(
            next: start, stop: columns[1].int64s.cells[row], step: step, sign: sign > 0 ? 1 : -1,
            zone: columns.count > 3 ? try CalendarFunctions.zone(columns[3], row) : nil)
    }

    /// nil behind the last one.
    mutating func next() throws(SQLError) -> Value? {
        switch steps {
        case .integers(let next, let stop, let step):
            guard let next, step > 0 ? next <= stop : next >= stop else { return nil }
            let (sum, overflow) = next.addingReportingOverflow(step)
            steps = .integers(next: overflow ? nil : sum, stop: stop, step: step)
            return .int(next)
        case .numerics(let next, let stop, let step):
            let order = Numeric.compare(next, stop)
            guard step.signum > 0 ? order <= 0 : order >= 0 else { return nil }
            steps = .numerics(next: try Numeric.add(next, step), stop: stop, step: step)
            return .numeric(next)
        case .times(let next, let stop, let step, let sign, let zone):
            guard sign > 0 ? next <= stop : next >= stop else { return nil }
            let following = try Series.after(next, step, zone)
            steps = .times(next: following, stop: stop, step: step, sign: sign, zone: zone)
            return .int(next)
        }
    }

    private static func after(_ time: Int64, _ step: Interval, _ zone: TimeZoneRules?)
        throws(SQLError) -> Int64
    {
        guard let zone else { return try Timestamp.add(time, step) }
        return try CalendarFunctions.add(time, step, zone)
    }

    /// Goes through the values that are left: no one of them may fail, and there may not be too many.
    /// The step behind the last one is made too. - Throws: 22003, 22008, 54000.
    func check(most: Int) throws(SQLError) {
        if case .integers(let next, let stop, let step) = steps {
            guard let next, step > 0 ? next <= stop : next >= stop else { return }
            let (distance, overflow) = stop.subtractingReportingOverflow(next)
            if overflow || distance / step >= Int64(most) { throw Series.tooMany(most) }
            return
        }
        if case .times(let next, let stop, _, let sign, _) = steps, !Timestamp.isFinite(stop),
            (stop > next) == (sign > 0)
        {
            // It never gets there.
            throw SQLError(.datetimeFieldOverflow, "timestamp out of range")
        }
        var (values, count) = (self, 0)
        while try values.next() != nil {
            count += 1
            if count > most { throw Series.tooMany(most) }
        }
    }

    private static func tooMany(_ most: Int) -> SQLError {
        SQLError(
            .programLimitExceeded,
            "generate_series gives more than \(most) rows for one row of a view",
            hint: "A query that is no view has no such limit.")
    }
}
