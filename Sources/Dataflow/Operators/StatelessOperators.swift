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
        let (rows, count, _) = try FilterOperator.select(predicate, chunk, out)
        if count == chunk.count { return try out.emit(chunk) }
        if count == 0 { return }
        try out.emit(chunk.gathered(unsafe Cells(rows.cells.unsafePointer, count: count)))
    }

    /// Row numbers for which `predicate` is true, written without a branch, and the rows on which it fails.
    /// - Parameter out: where rows go on which it fails.
    static func select(_ predicate: Expr, _ chunk: Batch, _ out: Output?) throws(SQLError)
        -> (rows: Storage<UInt32>, count: Int, failures: [RowFailure])
    {
        let evaluation = Evaluation(chunk)
        let column = evaluation.evaluate(predicate)
        _ = try out?.divert(evaluation, chunk)
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
        if evaluation.failures.isEmpty { return (rows, count, []) }
        var kept = 0
        for index in 0..<count {
            to[kept] = to[index]
            kept += evaluation.hasFailed(Int(to[index])) ? 0 : 1
        }
        return (rows, kept, evaluation.failures)
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

/// generate_series: one row in, many out.
package final class SeriesOperator: Operator {
    private let arguments: [Expr]
    private let type: DataType
    /// Numerics may be long.
    private var chunkRows: Int { type.kind == .numeric ? 512 : 4096 }
    /// A row of a view has no more values: nobody could end it.
    package static let mostValuesInView = 10_000_000

    /// The result is the input's columns and the value.
    /// - Parameter arguments: as of the functions of `SeriesFunctions`.
    package init(_ arguments: [Expr], _ type: DataType) {
        self.arguments = arguments
        self.type = type
    }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        let evaluation = Evaluation(chunk)
        let bounds = arguments.map { evaluation.evaluate($0) }
        var all = [Series?](repeating: nil, count: chunk.count)
        for row in 0..<chunk.count where !evaluation.hasFailed(row) {
            do throws(SQLError) {
                all[row] = try Series(bounds, type, row)
                // A row of a view gives all its values or none. A query ends at the first that fails,
                // and can be canceled until then.
                if !out.runsOnce { try all[row]?.check(most: SeriesOperator.mostValuesInView) }
            } catch {
                all[row] = nil
                evaluation.fail(row, error)
            }
        }
        _ = try out.divert(evaluation, chunk)
        for (row, found) in all.enumerated() {
            guard var series = found else { continue }
            var builder = ColumnBuilder(type.physical)
            var count = 0
            while let value = try series.next() {
                builder.append(value)
                count += 1
                if count == chunkRows {
                    try emit(builder.column(), count, chunk, row, out)
                    builder = ColumnBuilder(type.physical)
                    count = 0
                }
            }
            if count > 0 { try emit(builder.column(), count, chunk, row, out) }
        }
    }

    private func emit(_ values: Column, _ count: Int, _ chunk: Batch, _ row: Int, _ out: Output)
        throws(SQLError)
    {
        let rows = Storage<UInt32>(repeating: UInt32(row), count: count)
        let base = chunk.gathered(rows.cells)
        try out.emit(Batch(columns: base.columns + [values], count: count, weights: base.weights))
    }
}

/// Makes changes net: one row an image, no zeros. Holds a step's rows until its end.
package final class ConsolidateOperator: Operator, BatchHolder {
    private let types: [DataType.Physical]
    private var held: [Batch] = []
    private(set) var heldBytes = 0

    package init(_ types: [DataType.Physical]) { self.types = types }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        held.append(chunk)
        heldBytes += chunk.byteCount
    }

    package func finish(out: Output) throws(SQLError) {
        if held.isEmpty { return }
        let batches = held
        held = []
        heldBytes = 0
        if batches.allSatisfy({ $0.weights == nil }) {
            for batch in batches { try out.emit(batch) }
            return
        }
        try out.emit(Batch.concatenated(batches, types: types).consolidated())
    }
}

/// Collects what comes out of a query that runs once.
package final class CollectOperator: Operator, BatchHolder {
    package private(set) var batches: [Batch] = []
    package private(set) var rowCount = 0
    package private(set) var heldBytes = 0
    private let maximumRows: Int

    /// - Parameter maximumRows: more rows end the query with 53200.
    package init(maximumRows: Int = Int.max) { self.maximumRows = maximumRows }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        batches.append(chunk)
        rowCount += chunk.count
        heldBytes += chunk.byteCount
        if rowCount > maximumRows {
            throw SQLError(
                .outOfMemory, "the result has more than \(maximumRows) rows",
                hint: "Add a LIMIT, or read it in parts.")
        }
    }
}
