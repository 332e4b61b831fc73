import CPure

/// A trivial handle on one column for per-row work on rows of mixed types: hash, equality, order.
///
/// Holds raw pointers: the column must outlive it. Copying it costs no reference count.
@safe @frozen @usableFromInline
package struct ColumnView {
    @usableFromInline let physical: DataType.Physical
    @usableFromInline let cells: UnsafeMutableRawPointer
    @usableFromInline let textBytes: UnsafePointer<UInt8>
    @usableFromInline let validity: UnsafeMutablePointer<UInt8>?

    package init(_ column: Column) {
        physical = column.physical
        unsafe validity = column.validity?.cells.unsafePointer
        switch column.data {
        case .int64(let storage):
            unsafe cells = UnsafeMutableRawPointer(storage.cells.unsafePointer)
        case .double(let storage):
            unsafe cells = UnsafeMutableRawPointer(storage.cells.unsafePointer)
        case .bool(let storage): unsafe cells = UnsafeMutableRawPointer(storage.cells.unsafePointer)
        case .numeric(let storage):
            unsafe cells = UnsafeMutableRawPointer(storage.cells.unsafePointer)
        case .interval(let storage):
            unsafe cells = UnsafeMutableRawPointer(storage.cells.unsafePointer)
        case .text(let storage), .json(let storage):
            unsafe cells = UnsafeMutableRawPointer(storage.offsets.cells.unsafePointer)
        }
        if let storage = column.texts {
            unsafe textBytes = UnsafePointer(storage.bytes.cells.unsafePointer)
        } else {
            unsafe textBytes = UnsafePointer(cells.assumingMemoryBound(to: UInt8.self))
        }
    }

    /// How the values lie in memory.
    @inlinable package var kind: DataType.Physical { physical }

    /// Whether the row has no value.
    @inlinable
    package func isNull(_ row: Int) -> Bool {
        if let validity = unsafe validity { return unsafe validity[row] == 0 }
        return false
    }

    /// The row of an int64 column.
    @inlinable
    package func int64(_ row: Int) -> Int64 {
        unsafe cells.assumingMemoryBound(to: Int64.self)[row]
    }

    /// The row of a double column.
    @inlinable
    package func double(_ row: Int) -> Double {
        unsafe cells.assumingMemoryBound(to: Double.self)[row]
    }

    /// The row of a bool column, 1 or 0.
    @inlinable
    package func bool(_ row: Int) -> UInt8 {
        unsafe cells.assumingMemoryBound(to: UInt8.self)[row]
    }

    /// The row of a numeric column.
    @inlinable
    package func numeric(_ row: Int) -> Numeric {
        unsafe cells.assumingMemoryBound(to: Numeric.self)[row]
    }

    /// The row of an interval column.
    @inlinable
    package func interval(_ row: Int) -> Interval {
        unsafe cells.assumingMemoryBound(to: Interval.self)[row]
    }

    /// The bytes of a text row; valid while the column is.
    @inlinable
    package func text(_ row: Int) -> UnsafeBufferPointer<UInt8> {
        let offsets = unsafe cells.assumingMemoryBound(to: Int64.self)
        let from = unsafe Int(offsets[row])
        return unsafe UnsafeBufferPointer(
            start: textBytes + from, count: Int(offsets[row + 1]) - from)
    }

    /// Folds the row's value into `hash`. `image`: equal bytes; otherwise SQL equality, under which
    /// 1.0 = 1.00 and -0.0 = 0.0.
    package func hash(_ row: Int, into hash: UInt64, image: Bool) -> UInt64 {
        if isNull(row) { return cpure_hash_u64(0x6e75_6c6c, hash) }
        switch physical {
        case .int64: return cpure_hash_u64(UInt64(bitPattern: int64(row)), hash)
        case .bool: return cpure_hash_u64(UInt64(bool(row)), hash)
        case .text:
            return unsafe ColumnView.hash(text(row), into: hash)
        case .json:
            let bytes = unsafe text(row)
            if !image, let own = unsafe JSONOrder.normalized(bytes) {
                return unsafe own.withUnsafeBufferPointer { unsafe ColumnView.hash($0, into: hash) }
            }
            return unsafe ColumnView.hash(bytes, into: hash)
        case .double:
            let value = double(row)
            if !image, value == 0 { return cpure_hash_u64(0, hash) }
            if value.isNaN { return cpure_hash_u64(Double.nan.bitPattern, hash) }
            return cpure_hash_u64(value.bitPattern, hash)
        case .numeric: return ColumnView.hash(numeric(row), into: hash, image: image)
        case .interval: return ColumnView.hash(interval(row), into: hash, image: image)
        }
    }

    private static func hash(_ bytes: UnsafeBufferPointer<UInt8>, into hash: UInt64) -> UInt64 {
        guard let start = bytes.baseAddress else { return cpure_hash_u64(0, hash) }
        return unsafe cpure_hash_bytes(start, bytes.count, hash)
    }

    static func hash(_ value: Numeric, into hash: UInt64, image: Bool) -> UInt64 {
        let number = image ? value : value.canonical
        if number.isWide {
            // By content: a number in the table means nothing to another process.
            var result = cpure_hash_u64(UInt64(UInt16(bitPattern: number.scale)), hash)
            for limb in number.magnitude.limbs { result = cpure_hash_u64(UInt64(limb), result) }
            return cpure_hash_u64(number.signum < 0 ? 1 : 0, result)
        }
        let low = UInt64(truncatingIfNeeded: number.coefficient)
        let high = UInt64(truncatingIfNeeded: number.coefficient >> 64)
        let form = UInt64(number.form.rawValue) << 32 | UInt64(UInt16(bitPattern: number.scale))
        return cpure_hash_u64(low ^ form, cpure_hash_u64(high, hash))
    }

    static func hash(_ value: Interval, into hash: UInt64, image: Bool) -> UInt64 {
        if image {
            let months = UInt64(UInt32(bitPattern: value.months)) << 32
            let days = UInt64(UInt32(bitPattern: value.days))
            return cpure_hash_u64(
                UInt64(bitPattern: value.microseconds), cpure_hash_u64(months | days, hash))
        }
        return cpure_hash_u64(UInt64(truncatingIfNeeded: value.normalized), hash)
    }

    /// Whether two rows are the same; NULL equals NULL here, as in GROUP BY and in images.
    package func equals(_ row: Int, _ other: ColumnView, _ otherRow: Int, image: Bool) -> Bool {
        let null = isNull(row)
        if null != other.isNull(otherRow) { return false }
        if null { return true }
        switch physical {
        case .int64: return int64(row) == other.int64(otherRow)
        case .bool: return bool(row) == other.bool(otherRow)
        case .text: return unsafe ColumnView.areSame(text(row), other.text(otherRow))
        case .json:
            let (a, b) = unsafe (text(row), other.text(otherRow))
            if unsafe ColumnView.areSame(a, b) { return true }
            return unsafe !image && JSONOrder.areEqual(a, b)
        case .double:
            let (a, b) = (double(row), other.double(otherRow))
            if image { return a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN) }
            return a == b || (a.isNaN && b.isNaN)
        case .numeric:
            let (a, b) = (numeric(row), other.numeric(otherRow))
            return image ? a == b : Numeric.compare(a, b) == 0
        case .interval:
            let (a, b) = (interval(row), other.interval(otherRow))
            return image ? a == b : a.normalized == b.normalized
        }
    }

    private static func areSame(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>)
        -> Bool
    {
        guard a.count == b.count else { return false }
        guard let left = a.baseAddress, let right = b.baseAddress else { return true }
        return unsafe cpure_equal(left, right, a.count) != 0
    }

    /// -1, 0, 1 in PostgreSQL's order of the type ("C" collation for text); neither row is NULL.
    package func compare(_ row: Int, _ other: ColumnView, _ otherRow: Int) -> Int {
        switch physical {
        case .int64:
            let (a, b) = (int64(row), other.int64(otherRow))
            return a < b ? -1 : (a > b ? 1 : 0)
        case .bool: return Int(bool(row)) - Int(other.bool(otherRow))
        case .text:
            let (a, b) = unsafe (text(row), other.text(otherRow))
            guard let left = a.baseAddress, let right = b.baseAddress else {
                return a.count - b.count
            }
            return Int(unsafe cpure_compare(left, a.count, right, b.count))
        case .json:
            if equals(row, other, otherRow, image: true) { return 0 }
            return unsafe JSONOrder.compare(text(row), other.text(otherRow))
        case .double: return ColumnView.order(double(row), other.double(otherRow))
        case .numeric: return Numeric.compare(numeric(row), other.numeric(otherRow))
        case .interval:
            let (a, b) = (interval(row).normalized, other.interval(otherRow).normalized)
            return a < b ? -1 : (a > b ? 1 : 0)
        }
    }

    /// PostgreSQL's total order of floats: NaN is the greatest and equal to itself.
    package static func order(_ a: Double, _ b: Double) -> Int {
        if a.isNaN { return b.isNaN ? 0 : 1 }
        if b.isNaN { return -1 }
        return a < b ? -1 : (a > b ? 1 : 0)
    }
}

/// Hashes of whole rows over some columns.
package func hashRow(_ views: [ColumnView], _ row: Int, seed: UInt64, image: Bool) -> UInt64 {
    var hash = seed
    for view in views { hash = view.hash(row, into: hash, image: image) }
    return hash
}

/// Whether two rows agree in all columns.
package func rowsEqual(
    _ left: [ColumnView], _ leftRow: Int, _ right: [ColumnView], _ rightRow: Int, image: Bool
) -> Bool {
    for index in left.indices
    where !left[index].equals(leftRow, right[index], rightRow, image: image) { return false }
    return true
}
