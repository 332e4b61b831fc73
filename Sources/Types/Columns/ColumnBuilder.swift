/// Grows one column value by value. One owner; not for sharing.
@safe
package final class ColumnBuilder {
    package let physical: DataType.Physical
    private var int64s = GrowingCells<Int64>(capacity: 1)
    private var doubles = GrowingCells<Double>(capacity: 1)
    private var bools = GrowingCells<UInt8>(capacity: 1)
    private var numerics = GrowingCells<Numeric>(capacity: 1)
    private var intervals = GrowingCells<Interval>(capacity: 1)
    private var offsets = GrowingCells<Int64>(capacity: 1)
    private var bytes = GrowingCells<UInt8>(capacity: 1)
    private var validity = GrowingCells<UInt8>(capacity: 16)
    private var hasNull = false

    package init(_ physical: DataType.Physical, capacity: Int = 16) {
        self.physical = physical
        validity.reserve(capacity)
        switch physical {
        case .int64: int64s.reserve(capacity)
        case .double: doubles.reserve(capacity)
        case .bool: bools.reserve(capacity)
        case .numeric: numerics.reserve(capacity)
        case .interval: intervals.reserve(capacity)
        case .text, .json:
            offsets.reserve(capacity + 1)
            offsets.append(0)
        }
    }

    package var count: Int { validity.count }

    /// Adds a NULL.
    package func appendNull() {
        hasNull = true
        validity.append(0)
        switch physical {
        case .int64: int64s.append(0)
        case .double: doubles.append(0)
        case .bool: bools.append(0)
        case .numeric: numerics.append(.zero)
        case .interval: intervals.append(Interval())
        case .text, .json: offsets.append(Int64(bytes.count))
        }
    }

    package func append(_ value: Int64) {
        int64s.append(value)
        validity.append(1)
    }

    package func append(_ value: Double) {
        doubles.append(value)
        validity.append(1)
    }

    package func append(_ value: Bool) {
        bools.append(value ? 1 : 0)
        validity.append(1)
    }

    package func append(_ value: Numeric) {
        numerics.append(value)
        validity.append(1)
    }

    package func append(_ value: Interval) {
        intervals.append(value)
        validity.append(1)
    }

    /// Adds a byte string.
    package func append(text: [UInt8]) {
        unsafe text.withUnsafeBufferPointer { unsafe append($0) }
    }

    package func append(_ text: UnsafeBufferPointer<UInt8>) {
        if let start = text.baseAddress { unsafe bytes.append(start, count: text.count) }
        offsets.append(Int64(bytes.count))
        validity.append(1)
    }

    /// Adds a value of the builder's physical type.
    package func append(_ value: Value) {
        switch value {
        case .null: appendNull()
        case .int(let int): append(int)
        case .double(let double): append(double)
        case .bool(let bool): append(bool)
        case .numeric(let numeric): append(numeric)
        case .interval(let interval): append(interval)
        case .text(let text): append(text: text)
        }
    }

    /// Adds a row of another column.
    package func append(_ view: ColumnView, row: Int) {
        if view.isNull(row) { return appendNull() }
        switch physical {
        case .int64: append(view.int64(row))
        case .double: append(view.double(row))
        case .bool: append(view.bool(row) != 0)
        case .numeric: append(view.numeric(row))
        case .interval: append(view.interval(row))
        case .text, .json: unsafe append(view.text(row))
        }
    }

    /// Everything appended so far as a column.
    package func column() -> Column {
        let mask = hasNull ? validity.storage() : nil
        switch physical {
        case .int64: return Column(.int64(int64s.storage()), validity: mask)
        case .double: return Column(.double(doubles.storage()), validity: mask)
        case .bool: return Column(.bool(bools.storage()), validity: mask)
        case .numeric: return Column(.numeric(numerics.storage()), validity: mask)
        case .interval: return Column(.interval(intervals.storage()), validity: mask)
        case .text, .json:
            let texts = TextStorage(offsets: offsets.storage(), bytes: bytes.storage())
            return Column(.text(texts), validity: mask).texts(as: physical)
        }
    }
}
