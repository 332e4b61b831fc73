import Types

/// Strict kernels from a closure on one row. NULL rows are not visited; a thrown error becomes the
/// row's failure.
enum RowKernels {
    static func ints(
        _ e: Evaluation, _ columns: [Column], _ f: (Int) throws(SQLError) -> Int64
    ) -> Column {
        let result = Storage<Int64>(uninitialized: e.count)
        return Column(.int64(result), validity: fill(e, columns, result, 0, f))
    }

    static func doubles(
        _ e: Evaluation, _ columns: [Column], _ f: (Int) throws(SQLError) -> Double
    ) -> Column {
        let result = Storage<Double>(uninitialized: e.count)
        return Column(.double(result), validity: fill(e, columns, result, 0, f))
    }

    static func bools(
        _ e: Evaluation, _ columns: [Column], _ f: (Int) throws(SQLError) -> Bool
    ) -> Column {
        let result = Storage<UInt8>(uninitialized: e.count)
        return Column(
            .bool(result),
            validity: fill(e, columns, result, 0) { (row) throws(SQLError) in try f(row) ? 1 : 0 })
    }

    static func numerics(
        _ e: Evaluation, _ columns: [Column], _ f: (Int) throws(SQLError) -> Numeric
    ) -> Column {
        let result = Storage<Numeric>(uninitialized: e.count)
        return Column(.numeric(result), validity: fill(e, columns, result, .zero, f))
    }

    /// As `numerics`, with NULL for rows that have no answer.
    static func optionalNumerics(
        _ e: Evaluation, _ columns: [Column], _ f: (Int) throws(SQLError) -> Numeric?
    ) -> Column {
        optional(e, columns, .numeric) { (row) throws(SQLError) in try f(row).map(Value.numeric) }
    }

    /// As `ints`, with NULL for rows that have no answer.
    static func optionalInts(
        _ e: Evaluation, _ columns: [Column], _ f: (Int) throws(SQLError) -> Int64?
    ) -> Column {
        optional(e, columns, .int64) { (row) throws(SQLError) in try f(row).map(Value.int) }
    }

    /// As `doubles`, with NULL for rows that have no answer.
    static func optionalDoubles(
        _ e: Evaluation, _ columns: [Column], _ f: (Int) throws(SQLError) -> Double?
    ) -> Column {
        optional(e, columns, .double) { (row) throws(SQLError) in try f(row).map(Value.double) }
    }

    private static func optional(
        _ e: Evaluation, _ columns: [Column], _ type: DataType.Physical,
        _ f: (Int) throws(SQLError) -> Value?
    ) -> Column {
        let validity = e.validity(columns)
        let builder = ColumnBuilder(type, capacity: e.count)
        for row in 0..<e.count {
            if let validity, validity.cells[row] == 0 {
                builder.appendNull()
                continue
            }
            do throws(SQLError) {
                builder.append(try f(row) ?? .null)
            } catch {
                builder.appendNull()
                e.fail(row, error)
            }
        }
        return builder.column()
    }

    static func intervals(
        _ e: Evaluation, _ columns: [Column], _ f: (Int) throws(SQLError) -> Interval
    ) -> Column {
        let result = Storage<Interval>(uninitialized: e.count)
        return Column(.interval(result), validity: fill(e, columns, result, Interval(), f))
    }

    @inline(__always)
    private static func fill<Element: BitwiseCopyable>(
        _ e: Evaluation, _ columns: [Column], _ result: Storage<Element>, _ zero: Element,
        _ f: (Int) throws(SQLError) -> Element
    ) -> Storage<UInt8>? {
        let validity = e.validity(columns)
        let to = result.cells
        for row in 0..<e.count {
            if let validity, validity.cells[row] == 0 {
                to[row] = zero
                continue
            }
            do throws(SQLError) {
                to[row] = try f(row)
            } catch {
                to[row] = zero
                e.fail(row, error)
            }
        }
        return validity
    }

    /// PostgreSQL's longest value.
    private static let mostBytes = 0x3FFF_FFFF

    /// - Throws: 54000 for a value that cannot be so long.
    static func checkLength(_ bytes: Int) throws(SQLError) {
        guard bytes > mostBytes else { return }
        throw SQLError(
            .programLimitExceeded, "a value of \(bytes) bytes is too long",
            detail: "One value cannot have more than \(mostBytes) bytes.")
    }

    /// Text results that `f` writes behind those of the rows before; NULL for rows with false.
    static func written(
        _ e: Evaluation, _ columns: [Column],
        _ f: (Int, inout GrowingCells<UInt8>) throws(SQLError) -> Bool
    ) -> Column {
        var validity = e.validity(columns)
        let isShared = validity != nil
        let offsets = Storage<Int64>(uninitialized: e.count + 1)
        let ends = offsets.cells
        ends[0] = 0
        var bytes = GrowingCells<UInt8>(capacity: columns[0].texts?.bytes.count ?? 16)
        var absent: [Int] = []
        for row in 0..<e.count {
            let start = bytes.count
            ends[row + 1] = Int64(start)
            if let validity, validity.cells[row] == 0 { continue }
            do throws(SQLError) {
                if try !f(row, &bytes) { absent.append(row) }
                try checkLength(bytes.count - start)
            } catch {
                bytes.truncate(to: start)
                e.fail(row, error)
            }
            ends[row + 1] = Int64(bytes.count)
        }
        if !absent.isEmpty {
            let own = Storage<UInt8>(repeating: 1, count: e.count)
            if isShared, let validity { own.cells.copy(from: validity.cells) }
            for row in absent { own.cells[row] = 0 }
            validity = own
        }
        return Column(
            .text(TextStorage(offsets: offsets, bytes: bytes.storage())), validity: validity)
    }

    /// Text results that are pieces of the first column's texts; nil is NULL.
    static func pieces(
        _ e: Evaluation, _ columns: [Column],
        _ f: (Int, Cells<UInt8>) throws(SQLError) -> Range<Int>?
    ) -> Column {
        let texts = TextRows(columns[0])
        let result = written(e, columns) { (row, bytes) throws(SQLError) in
            guard let range = try f(row, texts[row]) else { return false }
            bytes.append(texts[row], range)
            return true
        }
        return withExtendedLifetime(columns) { result }
    }

    /// The texts of a column with each byte replaced.
    static func mapped(_ column: Column, _ f: (UInt8) -> UInt8) -> Column {
        guard let texts = column.texts else { preconditionFailure("not a text column") }
        let result = Storage<UInt8>(uninitialized: texts.bytes.count)
        let (from, to) = (texts.bytes.cells, result.cells)
        for index in 0..<from.count { to[index] = f(from[index]) }
        return Column(
            .text(TextStorage(offsets: texts.offsets, bytes: result)), validity: column.validity)
    }

    /// Text results; nil is NULL.
    static func texts(
        _ e: Evaluation, _ columns: [Column], strict: Bool = true,
        _ f: (Int) throws(SQLError) -> [UInt8]?
    ) -> Column {
        let validity = strict ? e.validity(columns) : nil
        let builder = ColumnBuilder(.text, capacity: e.count)
        for row in 0..<e.count {
            if let validity, validity.cells[row] == 0 {
                builder.appendNull()
                continue
            }
            do throws(SQLError) {
                if let text = try f(row) {
                    try checkLength(text.count)
                    builder.append(text: text)
                } else {
                    builder.appendNull()
                }
            } catch {
                builder.append(text: [])
                e.fail(row, error)
            }
        }
        return builder.column()
    }
}
