import Types

/// Keys in order, each with the row it belongs to (page number × 4096 + offset). Immutable.
final class SortedRun: Sendable {
    private let bytes: [UInt8]
    /// Where each key begins in `bytes`; one more at the end.
    private let offsets: [Int]
    private let rows: [UInt64]

    init(bytes: [UInt8], offsets: [Int], rows: [UInt64]) {
        self.bytes = bytes
        self.offsets = offsets
        self.rows = rows
    }

    var count: Int { rows.count }

    func row(_ index: Int) -> UInt64 { rows[index] }

    private func key(_ index: Int) -> Range<Int> { offsets[index]..<offsets[index + 1] }

    /// The entries whose keys are in the range.
    func bounds(_ range: KeyRange) -> Range<Int> {
        let from = first(notBelow: range.lower)
        guard let upper = range.upper else { return from..<count }
        return from..<max(from, first(notBelow: upper))
    }

    private func first(notBelow key: [UInt8]) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if KeyOrder.isLess(bytes, self.key(middle), key, 0..<key.count) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// Both, without the rows that are not wanted any more.
    static func merged(_ left: SortedRun, _ right: SortedRun, keeping: (UInt64) -> Bool)
        -> SortedRun
    {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(left.bytes.count + right.bytes.count)
        var offsets = [0]
        offsets.reserveCapacity(left.count + right.count + 1)
        var rows: [UInt64] = []
        rows.reserveCapacity(left.count + right.count)
        func take(_ run: SortedRun, _ index: Int) {
            guard keeping(run.rows[index]) else { return }
            bytes.append(contentsOf: run.bytes[run.key(index)])
            offsets.append(bytes.count)
            rows.append(run.rows[index])
        }
        var (a, b) = (0, 0)
        while a < left.count || b < right.count {
            let takesLeft =
                b == right.count
                || a < left.count
                    && !KeyOrder.isLess(right.bytes, right.key(b), left.bytes, left.key(a))
            if takesLeft {
                take(left, a)
                a += 1
            } else {
                take(right, b)
                b += 1
            }
        }
        return SortedRun(bytes: bytes, offsets: offsets, rows: rows)
    }
}

/// Keys as they come, to be sorted into a run.
struct KeyCollector {
    private var bytes: [UInt8] = []
    private var offsets = [0]
    private var rows: [UInt64] = []

    var count: Int { rows.count }

    mutating func add(
        _ page: RowPage, _ columns: [Int], _ range: Range<Int>, _ types: [DataType.Physical],
        _ id: UInt32
    ) {
        let filled = columns.map { column in
            let builder = ColumnBuilder(types[column], capacity: range.count)
            for row in range { page.append(column, row, to: builder) }
            return builder.column()
        }
        let views = filled.map(\.view)
        withExtendedLifetime(filled) {
            for (index, row) in range.enumerated() {
                for view in views { OrderKey.append(view, index, to: &bytes) }
                offsets.append(bytes.count)
                rows.append(UInt64(id) << 12 | UInt64(row))
            }
        }
    }

    func sorted() -> SortedRun {
        func key(_ index: UInt32) -> Range<Int> {
            offsets[Int(index)]..<offsets[Int(index) + 1]
        }
        // The first eight bytes decide most comparisons.
        let order = (0..<UInt32(count)).map { (KeyOrder.head(bytes, key($0)), $0) }
            .sorted { left, right in
                if left.0 != right.0 { return left.0 < right.0 }
                return KeyOrder.isLess(bytes, key(left.1), bytes, key(right.1))
            }
        var (sortedBytes, sortedOffsets, sortedRows) = ([UInt8](), [0], [UInt64]())
        sortedBytes.reserveCapacity(bytes.count)
        sortedOffsets.reserveCapacity(count + 1)
        sortedRows.reserveCapacity(count)
        for (_, index) in order {
            sortedBytes.append(contentsOf: bytes[key(index)])
            sortedOffsets.append(sortedBytes.count)
            sortedRows.append(rows[Int(index)])
        }
        return SortedRun(bytes: sortedBytes, offsets: sortedOffsets, rows: sortedRows)
    }
}

/// The order of byte strings.
enum KeyOrder {
    static func isLess(_ a: [UInt8], _ first: Range<Int>, _ b: [UInt8], _ second: Range<Int>)
        -> Bool
    {
        let shared = min(first.count, second.count)
        for index in 0..<shared {
            let (left, right) = (a[first.lowerBound + index], b[second.lowerBound + index])
            if left != right { return left < right }
        }
        return first.count < second.count
    }

    /// The first eight bytes as a number of the same order.
    static func head(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64 {
        var head: UInt64 = 0
        for index in 0..<8 {
            let byte = index < range.count ? bytes[range.lowerBound + index] : 0
            head = head << 8 | UInt64(byte)
        }
        return head
    }
}
