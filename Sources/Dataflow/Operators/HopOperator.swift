package import Types

/// Every row once for each window of a sliding series that it is in: the input's columns, then
/// window_start and window_end. Windows begin at multiples of the slide since the Unix epoch. A row fails
/// when one of its windows does not lie within the range of timestamps.
package final class HopOperator: Operator {
    private let time: Expr
    private let slide: Int64
    private let size: Int64
    private static let chunkRows = 16384

    /// `slide`, `size`: microseconds, no more than `widest`; the size is a multiple of the slide or not.
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
            let before = starts.count
            if appendWindows(of: times[row], to: &starts) {
                for index in before..<starts.count {
                    rows.append(UInt32(row))
                    ends.append(starts[index] + size)
                }
            } else {
                starts.removeSubrange(before...)
                evaluation.fail(
                    row, SQLError(.datetimeFieldOverflow, "timestamp out of range"))
            }
            if rows.count >= HopOperator.chunkRows {
                try emit(chunk, &rows, &starts, &ends, out)
            }
        }
        try emit(chunk, &rows, &starts, &ends, out)
        _ = try out.divert(evaluation, chunk)
        withExtendedLifetime(column) {}
    }

    /// Where the windows begin that a time is in: the last that begins at or before it, then those before
    /// that still reach it. - Returns: false when one of them is out of range.
    private func appendWindows(of time: Int64, to starts: inout [Int64]) -> Bool {
        var start = DateTimeFunctions.floorTo(time, slide, -Timestamp.unixEpochOffset)
        while true {
            let (distance, isFar) = time.subtractingReportingOverflow(start)
            if isFar || distance >= size { return true }
            let (end, overflow) = start.addingReportingOverflow(size)
            guard !overflow, Timestamp.inRange(start), Timestamp.inRange(end) else { return false }
            starts.append(start)
            start -= slide
        }
    }

    /// Microseconds of 100 million days: sums with times do not leave Int64 unnoticed.
    package static let widest: Int64 = 100_000_000 * Timestamp.microsecondsPerDay

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
