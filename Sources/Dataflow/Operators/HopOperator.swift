package import Types

/// Every row once for each window of a sliding series that it is in: the input's columns, then
/// window_start and window_end. Windows begin at multiples of the slide since the Unix epoch.
package final class HopOperator: Operator {
    private let time: Expr
    private let slide: Int64
    private let size: Int64
    private static let chunkRows = 16384

    /// `slide`, `size`: microseconds; the size is a multiple of the slide or not.
    package init(time: Expr, slide: Int64, size: Int64) {
        self.time = time
        self.slide = slide
        self.size = size
    }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        let evaluation = Evaluation(chunk)
        let column = evaluation.evaluate(time)
        if let kept = try out.divert(evaluation, chunk) {
            return try receive(chunk.gathered(kept), port: port, out: out)
        }
        let times = column.int64s.cells
        var rows: [UInt32] = []
        var (starts, ends): ([Int64], [Int64]) = ([], [])
        for row in 0..<chunk.count where !column.isNull(row) && Timestamp.isFinite(times[row]) {
            // The last window that begins at or before the row, then those before that still reach it.
            var start = DateTimeFunctions.floorTo(times[row], slide, -Timestamp.unixEpochOffset)
            while times[row] &- start < size {
                let (end, overflow) = start.addingReportingOverflow(size)
                if !overflow {
                    rows.append(UInt32(row))
                    starts.append(start)
                    ends.append(end)
                }
                start &-= slide
            }
            if rows.count >= HopOperator.chunkRows {
                try emit(chunk, &rows, &starts, &ends, out)
            }
        }
        try emit(chunk, &rows, &starts, &ends, out)
        withExtendedLifetime(column) {}
    }

    private func emit(
        _ chunk: Batch, _ rows: inout [UInt32], _ starts: inout [Int64], _ ends: inout [Int64],
        _ out: Output
    ) throws(SQLError) {
        if rows.isEmpty { return }
        let places = Storage(rows)
        let base = chunk.gathered(places.cells)
        try out.emit(
            Batch(
                columns: base.columns + [
                    Column(.int64(Storage(starts))), Column(.int64(Storage(ends))),
                ], count: rows.count, weights: base.weights))
        rows.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }
}
