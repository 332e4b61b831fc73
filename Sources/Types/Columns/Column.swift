/// Values of one physical type with an optional validity: equal-length, immutable once built.
package struct Column: Sendable {
    /// The storage, by physical type.
    package enum Data: Sendable {
        case int64(Storage<Int64>)
        case double(Storage<Double>)
        case bool(Storage<UInt8>)
        case numeric(Storage<Numeric>)
        case interval(Storage<Interval>)
        case text(TextStorage)
        /// jsonb: the same bytes as text, compared otherwise.
        case json(TextStorage)
    }

    package let data: Data
    /// One byte a row, 1 where there is a value; nil when no row is NULL. What lies under a NULL is
    /// zero (empty for text).
    package let validity: Storage<UInt8>?
    package let count: Int

    package init(_ data: Data, validity: Storage<UInt8>? = nil) {
        self.data = data
        self.validity = validity
        count =
            switch data {
            case .int64(let storage): storage.count
            case .double(let storage): storage.count
            case .bool(let storage): storage.count
            case .numeric(let storage): storage.count
            case .interval(let storage): storage.count
            case .text(let storage), .json(let storage): storage.count
            }
        assert(validity == nil || validity?.count == count, "validity of another length")
    }

    package var physical: DataType.Physical {
        switch data {
        case .int64: .int64
        case .double: .double
        case .bool: .bool
        case .numeric: .numeric
        case .interval: .interval
        case .text: .text
        case .json: .json
        }
    }

    /// The memory that the values take.
    package var byteCount: Int {
        let width =
            switch data {
            case .int64, .double: 8
            case .bool: 1
            case .numeric: MemoryLayout<Numeric>.stride
            case .interval: MemoryLayout<Interval>.stride
            case .text, .json: 8
            }
        return count * (width + (validity == nil ? 0 : 1)) + (texts?.bytes.count ?? 0)
    }

    /// The byte strings of a column of text or jsonb.
    package var texts: TextStorage? {
        switch data {
        case .text(let storage), .json(let storage): storage
        default: nil
        }
    }

    /// The same byte strings as text, or as jsonb; any other column as it is.
    package func texts(as physical: DataType.Physical) -> Column {
        guard let texts, physical == .text || physical == .json else { return self }
        return Column(physical == .text ? .text(texts) : .json(texts), validity: validity)
    }

    /// What all values have in common that are equal in SQL to that of a row.
    package func canonicalValue(_ row: Int) -> Value {
        guard case .json = data, !isNull(row) else { return value(row).canonical }
        let view = view
        return withExtendedLifetime(self) {
            unsafe .text(JSONOrder.normalized(view.text(row)) ?? Array(view.text(row)))
        }
    }

    /// Whether the row has no value.
    package func isNull(_ row: Int) -> Bool { validity.map { $0.cells[row] == 0 } ?? false }

    /// The value of one row, for edges and tests.
    package func value(_ row: Int) -> Value {
        if isNull(row) { return .null }
        switch data {
        case .int64(let storage): return .int(storage.cells[row])
        case .double(let storage): return .double(storage.cells[row])
        case .bool(let storage): return .bool(storage.cells[row] != 0)
        case .numeric(let storage): return .numeric(storage.cells[row])
        case .interval(let storage): return .interval(storage.cells[row])
        case .text(let storage), .json(let storage): return .text(storage.bytes(row))
        }
    }

    /// `count` times the same value.
    package static func constant(_ value: Value, _ physical: DataType.Physical, count: Int)
        -> Column
    {
        let validity = value.isNull ? Storage<UInt8>(repeating: 0, count: count) : nil
        switch physical {
        case .int64:
            var cell: Int64 = 0
            if case .int(let int) = value { cell = int }
            return Column(.int64(Storage(repeating: cell, count: count)), validity: validity)
        case .double:
            var cell = 0.0
            if case .double(let double) = value { cell = double }
            return Column(.double(Storage(repeating: cell, count: count)), validity: validity)
        case .bool:
            return Column(
                .bool(Storage(repeating: value == .bool(true) ? 1 : 0, count: count)),
                validity: validity)
        case .numeric:
            var cell = Numeric.zero
            if case .numeric(let numeric) = value { cell = numeric }
            return Column(.numeric(Storage(repeating: cell, count: count)), validity: validity)
        case .interval:
            var cell = Interval()
            if case .interval(let interval) = value { cell = interval }
            return Column(.interval(Storage(repeating: cell, count: count)), validity: validity)
        case .text, .json:
            var bytes: [UInt8] = []
            if case .text(let text) = value { bytes = text }
            let storage = TextStorage(repeating: bytes, count: count)
            return Column(.text(storage), validity: validity).texts(as: physical)
        }
    }

    /// The rows named by `rows`, in that order.
    package func gathered(_ rows: Cells<UInt32>) -> Column {
        func pick<Element>(_ storage: Storage<Element>) -> Storage<Element> {
            let result = Storage<Element>(uninitialized: rows.count)
            let (from, to) = (storage.cells, result.cells)
            for index in 0..<rows.count { to[index] = from[Int(rows[index])] }
            return result
        }
        let validity = validity.map(pick)
        switch data {
        case .int64(let storage): return Column(.int64(pick(storage)), validity: validity)
        case .double(let storage): return Column(.double(pick(storage)), validity: validity)
        case .bool(let storage): return Column(.bool(pick(storage)), validity: validity)
        case .numeric(let storage): return Column(.numeric(pick(storage)), validity: validity)
        case .interval(let storage): return Column(.interval(pick(storage)), validity: validity)
        case .text(let storage): return Column(.text(storage.gathered(rows)), validity: validity)
        case .json(let storage): return Column(.json(storage.gathered(rows)), validity: validity)
        }
    }

    package var view: ColumnView { ColumnView(self) }
}

/// Byte strings: offsets into one run of bytes, of 64 bits because a join or a sort can bring long texts
/// together.
package final class TextStorage: Sendable {
    /// count + 1 ascending offsets.
    package let offsets: Storage<Int64>
    package let bytes: Storage<UInt8>

    package init(offsets: Storage<Int64>, bytes: Storage<UInt8>) {
        self.offsets = offsets
        self.bytes = bytes
    }

    package convenience init(repeating value: [UInt8], count: Int) {
        let offsets = Storage<Int64>(uninitialized: count + 1)
        let bytes = Storage<UInt8>(uninitialized: value.count * count)
        let (offsetCells, byteCells) = (offsets.cells, bytes.cells)
        for row in 0...count { offsetCells[row] = Int64(row * value.count) }
        if !value.isEmpty {
            for index in 0..<value.count * count { byteCells[index] = value[index % value.count] }
        }
        self.init(offsets: offsets, bytes: bytes)
    }

    package var count: Int { offsets.count - 1 }

    /// A row's bytes, copied.
    package func bytes(_ row: Int) -> [UInt8] {
        let cells = offsets.cells
        let (from, to) = (Int(cells[row]), Int(cells[row + 1]))
        return unsafe Array(
            UnsafeBufferPointer(start: bytes.cells.unsafePointer + from, count: to - from))
    }

    func gathered(_ rows: Cells<UInt32>) -> TextStorage {
        let from = offsets.cells
        let newOffsets = Storage<Int64>(uninitialized: rows.count + 1)
        let to = newOffsets.cells
        var total: Int64 = 0
        to[0] = 0
        for index in 0..<rows.count {
            let row = Int(rows[index])
            total += from[row + 1] - from[row]
            to[index + 1] = total
        }
        let newBytes = Storage<UInt8>(uninitialized: Int(total))
        let (source, target) = unsafe (bytes.cells.unsafePointer, newBytes.cells.unsafePointer)
        for index in 0..<rows.count {
            let row = Int(rows[index])
            let length = Int(from[row + 1] - from[row])
            unsafe (target + Int(to[index])).update(from: source + Int(from[row]), count: length)
        }
        return TextStorage(offsets: newOffsets, bytes: newBytes)
    }
}
