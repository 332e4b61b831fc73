/// The seed of all row hashes; hashes are not stored yet, so it is a constant.
package let rowHashSeed: UInt64 = 0x5374_7265_616d_686f

extension Batch {
    /// The same change with one row per image and no zero weights; order of first appearance.
    ///
    /// Append-only batches (`weights` nil) are already net and come back unchanged.
    package func consolidated() -> Batch {
        guard let weights, count > 0 else { return self }
        let views = columns.map(\.view)
        var capacity = 16
        while capacity < count * 2 { capacity *= 2 }
        let slots = Storage<UInt32>(repeating: UInt32.max, count: capacity)
        let hashes = Storage<UInt64>(uninitialized: count)
        let sums = Storage<Int64>(repeating: 0, count: count)
        let (slotCells, hashCells, sumCells, weightCells) = (
            slots.cells, hashes.cells, sums.cells, weights.cells
        )
        let mask = capacity - 1
        for row in 0..<count {
            let hash = hashRow(views, row, seed: rowHashSeed, image: true)
            hashCells[row] = hash
            var slot = Int(truncatingIfNeeded: hash) & mask
            while true {
                let other = slotCells[slot]
                if other == UInt32.max {
                    slotCells[slot] = UInt32(row)
                    sumCells[row] = weightCells[row]
                    break
                }
                if hashCells[Int(other)] == hash,
                    rowsEqual(views, Int(other), views, row, image: true)
                {
                    sumCells[Int(other)] &+= weightCells[row]
                    break
                }
                slot = (slot + 1) & mask
            }
        }
        let rows = Storage<UInt32>(uninitialized: count)
        let rowCells = rows.cells
        var kept = 0
        for row in 0..<count {
            rowCells[kept] = UInt32(row)
            kept += sumCells[row] != 0 ? 1 : 0
        }
        let net = Batch(columns: columns, count: count, weights: sums)
        if kept == count { return net }
        return unsafe net.gathered(Cells(rowCells.unsafePointer, count: kept))
    }

    /// The sum of all weights.
    package var totalWeight: Int64 {
        guard let weights else { return Int64(count) }
        let cells = weights.cells
        var sum: Int64 = 0
        for row in 0..<count { sum &+= cells[row] }
        return sum
    }
}

/// Sort order of one column.
package struct SortKey: Hashable, Sendable {
    package var column: Int
    package var descending: Bool
    package var nullsFirst: Bool

    package init(column: Int, descending: Bool = false, nullsFirst: Bool? = nil) {
        self.column = column
        self.descending = descending
        self.nullsFirst = nullsFirst ?? descending
    }
}

extension Batch {
    /// Row numbers in the order of `keys`; ties keep their order.
    package func sortedRows(_ keys: [SortKey]) -> [UInt32] {
        let views = columns.map(\.view)
        var rows = (0..<UInt32(count)).map { $0 }
        rows.sort { left, right in
            for key in keys {
                let order = Batch.order(views[key.column], Int(left), Int(right), key)
                if order != 0 { return order < 0 }
            }
            return left < right
        }
        return rows
    }

    private static func order(_ view: ColumnView, _ left: Int, _ right: Int, _ key: SortKey) -> Int
    {
        let (leftNull, rightNull) = (view.isNull(left), view.isNull(right))
        if leftNull || rightNull {
            if leftNull == rightNull { return 0 }
            return leftNull == key.nullsFirst ? -1 : 1
        }
        let order = view.compare(left, view, right)
        return key.descending ? -order : order
    }
}
