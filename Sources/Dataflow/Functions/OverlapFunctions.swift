import Types

/// (start, end) OVERLAPS (start, end) of times of any one type.
enum OverlapFunctions {
    static let all: [ScalarFunction] = [DataType.timestamp, .timestamptz, .time].map { type in
        ScalarFunction(
            "overlaps", Array(repeating: type, count: 4), .boolean, strict: false
        ) { e, c in
            let builder = ColumnBuilder(.bool, capacity: e.count)
            for row in 0..<e.count {
                let ends = c.map { $0.isNull(row) ? nil : $0.int64s.cells[row] }
                if let answer = overlap((ends[0], ends[1]), (ends[2], ends[3])) {
                    builder.append(answer)
                } else {
                    builder.appendNull()
                }
            }
            return builder.column()
        }
    }

    /// The earlier end first; the one that is known first.
    private static func ordered(_ span: (Int64?, Int64?)) -> (start: Int64, end: Int64?)? {
        guard let first = span.0 else { return span.1.map { ($0, nil) } }
        guard let second = span.1 else { return (first, nil) }
        return (min(first, second), max(first, second))
    }

    /// nil where ends that are NULL leave it open.
    private static func overlap(_ a: (Int64?, Int64?), _ b: (Int64?, Int64?)) -> Bool? {
        guard let left = ordered(a), let right = ordered(b) else { return nil }
        if left.start == right.start {
            return left.end == nil || right.end == nil ? nil : true
        }
        let (earlier, later) = left.start < right.start ? (left, right) : (right, left)
        guard let end = earlier.end else { return nil }
        if later.start < end { return true }
        return later.end == nil ? nil : false
    }
}
