package import Types

/// A row that could not be computed.
package struct RowFailure: Sendable {
    package let row: Int
    package let error: SQLError
}

/// One evaluation of expressions over one batch: what is active, and which rows failed.
package final class Evaluation {
    package let batch: Batch
    package var count: Int { batch.count }
    /// 1 for rows whose values and failures count; nil: all.
    private(set) var active: Storage<UInt8>?
    /// Failures, at most one a row and in no order.
    package private(set) var failures: [RowFailure] = []
    private var failed: Storage<UInt8>?

    package init(_ batch: Batch) { self.batch = batch }

    /// Records a failure unless the row is inactive.
    func fail(_ row: Int, _ error: SQLError) {
        if let active, active.cells[row] == 0 { return }
        let marks = failed ?? Storage<UInt8>(repeating: 0, count: count)
        failed = marks
        if marks.cells[row] != 0 { return }
        marks.cells[row] = 1
        failures.append(RowFailure(row: row, error: error))
    }

    func isActive(_ row: Int) -> Bool { active.map { $0.cells[row] != 0 } ?? true }

    /// Whether the row failed; its values are then worth nothing.
    package func hasFailed(_ row: Int) -> Bool { failed.map { $0.cells[row] != 0 } ?? false }

    /// Runs `body` with only those active rows left for which `keep` holds.
    private func narrowed<Result>(_ keep: (Int) -> Bool, _ body: () -> Result) -> Result {
        let outer = active
        let mask = Storage<UInt8>(uninitialized: count)
        let cells = mask.cells
        for row in 0..<count { cells[row] = isActive(row) && keep(row) ? 1 : 0 }
        active = mask
        defer { active = outer }
        return body()
    }

    /// The value of `expression` for every row; rows that are inactive or failed hold anything.
    package func evaluate(_ expression: Expr) -> Column {
        switch expression {
        case .column(let index, _): return batch.columns[index]
        case .constant(let value, let type): return .constant(value, type.physical, count: count)
        case .call(let function, let arguments, _): return call(function, arguments)
        case .and(let left, let right): return connect(left, right, stopsAt: 0)
        case .or(let left, let right): return connect(left, right, stopsAt: 1)
        case .not(let inner):
            let column = evaluate(inner)
            let source = column.bools
            let result = Storage<UInt8>(uninitialized: count)
            let (from, to) = (source.cells, result.cells)
            for row in 0..<count { to[row] = from[row] ^ 1 }
            return Column(.bool(result), validity: column.validity)
        case .isNull(let inner):
            let column = evaluate(inner)
            let result = Storage<UInt8>(repeating: 0, count: count)
            if let validity = column.validity {
                let (from, to) = (validity.cells, result.cells)
                for row in 0..<count { to[row] = from[row] ^ 1 }
            }
            return Column(.bool(result))
        case .cases(let arms, let otherwise, let type): return cases(arms, otherwise, type)
        case .coalesce(let inputs, let type): return coalesce(inputs, type)
        case .holds(let inner): return holds(inner)
        }
    }

    private func call(_ function: ScalarFunction, _ arguments: [Expr]) -> Column {
        let columns = arguments.map { evaluate($0) }
        // Functions make texts; what they are is the type's matter.
        return function.body(self, columns).texts(as: function.result.physical)
    }

    /// AND (stops at false) or OR (stops at true), three-valued.
    private func connect(_ left: Expr, _ right: Expr, stopsAt decisive: UInt8) -> Column {
        let first = evaluate(left)
        let firstBools = first.bools
        let second: Column
        if right.canFail {
            let values = firstBools.cells
            second = narrowed({ first.isNull($0) || values[$0] != decisive }) { evaluate(right) }
        } else {
            second = evaluate(right)
        }
        let secondBools = second.bools
        let (a, b) = (firstBools.cells, secondBools.cells)
        let result = Storage<UInt8>(uninitialized: count)
        let to = result.cells
        if first.validity == nil, second.validity == nil {
            if decisive == 0 {
                for row in 0..<count { to[row] = a[row] & b[row] }
            } else {
                for row in 0..<count { to[row] = a[row] | b[row] }
            }
            return Column(.bool(result))
        }
        let mask = Storage<UInt8>(uninitialized: count)
        let valid = mask.cells
        for row in 0..<count {
            let (n1, n2) = (first.isNull(row), second.isNull(row))
            let decided = (!n1 && a[row] == decisive) || (!n2 && b[row] == decisive)
            valid[row] = decided || (!n1 && !n2) ? 1 : 0
            to[row] = decided ? decisive : (valid[row] != 0 ? decisive ^ 1 : 0)
        }
        return Column(.bool(result), validity: mask)
    }

    private func cases(_ arms: [(when: Expr, then: Expr)], _ otherwise: Expr, _ type: DataType)
        -> Column
    {
        // Which arm each row takes; arms.count is ELSE.
        let choice = Storage<UInt32>(repeating: UInt32(arms.count), count: count)
        let taken = choice.cells
        let undecided = UInt32(arms.count)
        var results: [Column] = []
        for (number, arm) in arms.enumerated() {
            let condition = narrowed({ taken[$0] == undecided }) { evaluate(arm.when) }
            let bools = condition.bools
            let cells = bools.cells
            for row in 0..<count
            where taken[row] == undecided && cells[row] != 0 && !condition.isNull(row)
                && !hasFailed(row)
            {
                taken[row] = UInt32(number)
            }
            results.append(narrowed({ taken[$0] == UInt32(number) }) { evaluate(arm.then) })
        }
        results.append(narrowed({ taken[$0] == undecided }) { evaluate(otherwise) })
        return pick(results, taken, type)
    }

    private func coalesce(_ inputs: [Expr], _ type: DataType) -> Column {
        let choice = Storage<UInt32>(repeating: 0, count: count)
        let taken = choice.cells
        var results: [Column] = []
        for (number, input) in inputs.enumerated() {
            let column =
                number == 0
                ? evaluate(input) : narrowed({ taken[$0] == UInt32(number) }) { evaluate(input) }
            results.append(column)
            if column.validity == nil { break }
            if number + 1 == inputs.count { break }
            for row in 0..<count where taken[row] == UInt32(number) && column.isNull(row) {
                taken[row] = UInt32(number + 1)
            }
        }
        return results.count == 1 ? results[0] : pick(results, taken, type)
    }

    /// What fails on a row is not the row's failure, unless it was for want of memory.
    private func holds(_ condition: Expr) -> Column {
        let outer = (failures: failures, failed: failed)
        (failures, failed) = ([], nil)
        let column = evaluate(condition)
        let bools = column.bools
        let result = Storage<UInt8>(uninitialized: count)
        let (from, to) = (bools.cells, result.cells)
        for row in 0..<count {
            to[row] = from[row] != 0 && !column.isNull(row) && !hasFailed(row) ? 1 : 0
        }
        let shortages = failures.filter { $0.error.state == .outOfMemory }
        (failures, failed) = outer
        for shortage in shortages { fail(shortage.row, shortage.error) }
        return Column(.bool(result))
    }

    private func pick(_ columns: [Column], _ choice: Cells<UInt32>, _ type: DataType) -> Column {
        let views = columns.map(\.view)
        let builder = ColumnBuilder(type.physical, capacity: count)
        for row in 0..<count { builder.append(views[Int(choice[row])], row: row) }
        return withExtendedLifetime(columns) { builder.column() }
    }

    /// NULL where any argument is NULL; nil when no argument has NULLs.
    func validity(_ columns: [Column]) -> Storage<UInt8>? {
        let masks = columns.compactMap(\.validity)
        guard let first = masks.first else { return nil }
        if masks.count == 1 { return first }
        let result = Storage<UInt8>(uninitialized: count)
        let to = result.cells
        let from = first.cells
        for row in 0..<count { to[row] = from[row] }
        for mask in masks.dropFirst() {
            let other = mask.cells
            for row in 0..<count { to[row] &= other[row] }
        }
        return result
    }
}

extension Column {
    /// The storage of a boolean column. Callers have checked the type when binding.
    var bools: Storage<UInt8> {
        guard case .bool(let storage) = data else { preconditionFailure("not a boolean column") }
        return storage
    }

    var int64s: Storage<Int64> {
        guard case .int64(let storage) = data else { preconditionFailure("not an integer column") }
        return storage
    }

    var doubles: Storage<Double> {
        guard case .double(let storage) = data else { preconditionFailure("not a float column") }
        return storage
    }

    var numerics: Storage<Numeric> {
        guard case .numeric(let storage) = data else { preconditionFailure("not a numeric column") }
        return storage
    }

    var intervals: Storage<Interval> {
        guard case .interval(let storage) = data else {
            preconditionFailure("not an interval column")
        }
        return storage
    }

    /// Bytes of a text row, copied.
    func textBytes(_ row: Int) -> [UInt8] {
        guard let texts else { preconditionFailure("not a text column") }
        return texts.bytes(row)
    }
}
