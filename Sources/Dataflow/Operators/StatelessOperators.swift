package import Types

/// Where changes enter a circuit.
package final class InputOperator: Operator {
    package init() {}

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        try out.emit(chunk)
    }
}

/// Passes everything on from all ports: UNION ALL.
package final class UnionOperator: Operator {
    package init() {}

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        try out.emit(chunk)
    }
}

/// Keeps the rows for which the predicate is true.
package final class FilterOperator: Operator {
    private let predicate: Expr

    package init(_ predicate: Expr) { self.predicate = predicate }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        let (rows, count) = try FilterOperator.select(predicate, chunk, out)
        if count == chunk.count { return try out.emit(chunk) }
        if count == 0 { return }
        try out.emit(chunk.gathered(unsafe Cells(rows.cells.unsafePointer, count: count)))
    }

    /// Row numbers for which `predicate` is true, written without a branch.
    static func select(_ predicate: Expr, _ chunk: Batch, _ out: Output) throws(SQLError)
        -> (rows: Storage<UInt32>, count: Int)
    {
        let evaluation = Evaluation(chunk)
        let column = evaluation.evaluate(predicate)
        _ = try out.divert(evaluation, chunk)
        let bools = column.bools
        let rows = Storage<UInt32>(uninitialized: chunk.count)
        let (keep, to) = (bools.cells, rows.cells)
        var count = 0
        if let validity = column.validity {
            let valid = validity.cells
            for row in 0..<chunk.count {
                to[count] = UInt32(row)
                count += Int(keep[row] & valid[row])
            }
        } else {
            for row in 0..<chunk.count {
                to[count] = UInt32(row)
                count += Int(keep[row])
            }
        }
        if evaluation.failures.isEmpty { return (rows, count) }
        var kept = 0
        for index in 0..<count {
            to[kept] = to[index]
            kept += evaluation.hasFailed(Int(to[index])) ? 0 : 1
        }
        return (rows, kept)
    }
}

/// Computes a new list of columns for each row.
package final class MapOperator: Operator {
    private let expressions: [Expr]

    package init(_ expressions: [Expr]) { self.expressions = expressions }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        let evaluation = Evaluation(chunk)
        let columns = expressions.map { evaluation.evaluate($0) }
        let result = Batch(columns: columns, count: chunk.count, weights: chunk.weights)
        if let kept = try out.divert(evaluation, chunk) {
            return try out.emit(result.gathered(kept))
        }
        try out.emit(result)
    }
}

/// generate_series over integers: one row in, many out.
package final class SeriesOperator: Operator {
    private let arguments: [Expr]

    /// start, stop and step; the result is the input's columns and the value.
    package init(_ arguments: [Expr]) { self.arguments = arguments }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        let evaluation = Evaluation(chunk)
        let bounds = arguments.map { evaluation.evaluate($0) }
        _ = try out.divert(evaluation, chunk)
        for row in 0..<chunk.count where !evaluation.hasFailed(row) {
            if bounds.contains(where: { $0.isNull(row) }) { continue }
            if case .interval(let steps) = bounds[2].data {
                let ends = (bounds[0].int64s.cells[row], bounds[1].int64s.cells[row])
                try emit(chunk, row, ends.0, ends.1, steps.cells[row], out)
                continue
            }
            let cells = bounds.map { $0.int64s.cells[row] }
            try emit(chunk, row, cells, out)
        }
    }

    /// Timestamps apart by an interval.
    private func emit(
        _ chunk: Batch, _ row: Int, _ start: Int64, _ stop: Int64, _ step: Interval, _ out: Output
    ) throws(SQLError) {
        let sign = step.normalized
        guard sign != 0 else {
            throw SQLError(.invalidParameterValue, "step size cannot equal zero")
        }
        var next = start
        var values: [Int64] = []
        guard Timestamp.isFinite(start) else {
            throw SQLError(.invalidParameterValue, "start value cannot be infinite")
        }
        while sign > 0 ? next <= stop : next >= stop {
            values.append(next)
            next = try Timestamp.add(next, step)
            if values.count == 4096 {
                try emit(values, chunk, row, out)
                values = []
            }
        }
        try emit(values, chunk, row, out)
    }

    private func emit(_ values: [Int64], _ chunk: Batch, _ row: Int, _ out: Output) throws(SQLError)
    {
        if values.isEmpty { return }
        let rows = Storage<UInt32>(repeating: UInt32(row), count: values.count)
        let base = chunk.gathered(rows.cells)
        let series = Column(.int64(Storage(values)))
        try out.emit(
            Batch(columns: base.columns + [series], count: values.count, weights: base.weights))
    }

    private func emit(_ chunk: Batch, _ row: Int, _ bounds: [Int64], _ out: Output) throws(SQLError)
    {
        let (start, stop, step) = (bounds[0], bounds[1], bounds[2])
        guard step != 0 else {
            throw SQLError(.invalidParameterValue, "step size cannot equal zero")
        }
        var next = start
        var isDone = false
        while !isDone, step > 0 ? next <= stop : next >= stop {
            var values: [Int64] = []
            while values.count < 4096, !isDone, step > 0 ? next <= stop : next >= stop {
                values.append(next)
                let (sum, overflow) = next.addingReportingOverflow(step)
                isDone = overflow
                next = sum
            }
            try emit(values, chunk, row, out)
        }
    }
}

/// Makes changes net: one row an image, no zeros. Holds a step's rows until its end.
package final class ConsolidateOperator: Operator {
    private let types: [DataType.Physical]
    private var held: [Batch] = []

    package init(_ types: [DataType.Physical]) { self.types = types }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        held.append(chunk)
    }

    package func finish(out: Output) throws(SQLError) {
        if held.isEmpty { return }
        let batches = held
        held = []
        if batches.allSatisfy({ $0.weights == nil }) {
            for batch in batches { try out.emit(batch) }
            return
        }
        try out.emit(Batch.concatenated(batches, types: types).consolidated())
    }
}

/// Collects what comes out of a query that runs once.
package final class CollectOperator: Operator {
    package private(set) var batches: [Batch] = []
    package private(set) var rowCount = 0
    private let maximumRows: Int

    /// - Parameter maximumRows: more rows end the query with 53200.
    package init(maximumRows: Int = Int.max) { self.maximumRows = maximumRows }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        batches.append(chunk)
        rowCount += chunk.count
        if rowCount > maximumRows {
            throw SQLError(
                .outOfMemory, "the result has more than \(maximumRows) rows",
                hint: "Add a LIMIT, or read it in parts.")
        }
    }
}
