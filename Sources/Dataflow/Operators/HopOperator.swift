package import Types

/// A series of sliding windows, in microseconds. They begin at multiples of the slide since the Unix epoch,
/// and an offset, which may be less than 0; the size is a multiple of the slide or not.
package struct HopWindows: Hashable, Sendable {
    package let slide: Int64
    package let size: Int64
    package let offset: Int64

    /// No more than 100 million days: sums with times do not leave Int64 unnoticed.
    package static let widest: Int64 = 100_000_000 * Timestamp.microsecondsPerDay

    /// `slide`, `size`: more than 0; all three up to `widest`.
    package init(slide: Int64, size: Int64, offset: Int64 = 0) {
        self.slide = slide
        self.size = size
        self.offset = offset
    }

    /// A text that only the same windows have.
    package var text: String { "\(slide) \(size)" + (offset == 0 ? "" : " \(offset)") }

    /// A time at which a window begins.
    var origin: Int64 { offset - Timestamp.unixEpochOffset }
}

/// Every row once for each window of a sliding series that it is in: the input's columns, then
/// window_start and window_end. A row fails when one of its windows does not lie within the range of
/// timestamps.
package final class HopOperator: Operator {
    private let time: Expr
    private let windows: HopWindows
    private static let chunkRows = 16384

    package init(time: Expr, _ windows: HopWindows) {
        self.time = time
        self.windows = windows
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
                    ends.append(starts[index] + windows.size)
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
        var start = DateTimeFunctions.floorTo(time, windows.slide, windows.origin)
        while true {
            let (distance, isFar) = time.subtractingReportingOverflow(start)
            if isFar || distance >= windows.size { return true }
            let (end, overflow) = start.addingReportingOverflow(windows.size)
            guard !overflow, Timestamp.inRange(start), Timestamp.inRange(end) else { return false }
            starts.append(start)
            start -= windows.slide
        }
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
