import CPure
package import Types

/// Where a byte string of a page lies.
struct TextReference: BitwiseCopyable {
    var address: UInt
    var count: UInt32
    var reserved: UInt32 = 0
}

/// Up to 4096 rows, column by column, at addresses that never change.
///
/// One thread appends; others may read rows below a count that was published to them with a lock.
@safe
package final class RowPage: @unchecked Sendable {
    // Rows below a published count are never written again, except `ends`, which are single words.
    package static let maximumRows = 4096

    enum PageColumn {
        case int64(Storage<Int64>)
        case double(Storage<Double>)
        case bool(Storage<UInt8>)
        case numeric(Storage<Numeric>)
        case interval(Storage<Interval>)
        case text(Storage<TextReference>)
    }

    package let capacity: Int
    package internal(set) var count = 0
    let columns: [PageColumn]
    /// Columns of text that are jsonb.
    private let isJSON: [Bool]
    let validities: [Storage<UInt8>]
    private var arena: [Storage<UInt8>] = []

    init(_ types: [DataType.Physical], capacity: Int) {
        self.capacity = capacity
        columns = types.map { type in
            switch type {
            case .int64: .int64(Storage(uninitialized: capacity))
            case .double: .double(Storage(uninitialized: capacity))
            case .bool: .bool(Storage(uninitialized: capacity))
            case .numeric: .numeric(Storage(uninitialized: capacity))
            case .interval: .interval(Storage(uninitialized: capacity))
            case .text, .json: .text(Storage(uninitialized: capacity))
            }
        }
        isJSON = types.map { $0 == .json }
        validities = types.map { _ in Storage(uninitialized: capacity) }
    }

    var freeRows: Int { capacity - count }

    /// Copies rows `from..<to` of a batch behind the last row.
    func append(_ batch: Batch, from: Int, to: Int) {
        let at = count
        let more = to - from
        for index in columns.indices {
            let source = batch.columns[index]
            copyValidity(source, from: from, count: more, into: validities[index].cells, at: at)
            switch (columns[index], source.data) {
            case (.int64(let target), .int64(let cells)): copy(cells, from, more, target, at)
            case (.double(let target), .double(let cells)): copy(cells, from, more, target, at)
            case (.bool(let target), .bool(let cells)): copy(cells, from, more, target, at)
            case (.numeric(let target), .numeric(let cells)): copy(cells, from, more, target, at)
            case (.interval(let target), .interval(let cells)): copy(cells, from, more, target, at)
            case (.text(let target), .text(let text)), (.text(let target), .json(let text)):
                copyText(text, from: from, count: more, into: target.cells, at: at)
            default:
                preconditionFailure("column \(index) of a batch has another type than its page")
            }
        }
        count += more
    }

    private func copyValidity(
        _ source: Column, from: Int, count: Int, into cells: Cells<UInt8>, at: Int
    ) {
        if let validity = source.validity {
            let mask = validity.cells
            for row in 0..<count { cells[at + row] = mask[from + row] }
        } else {
            for row in 0..<count { cells[at + row] = 1 }
        }
    }

    private func copy<Element>(
        _ source: Storage<Element>, _ from: Int, _ count: Int, _ target: Storage<Element>, _ at: Int
    ) {
        let (source, target) = (source.cells, target.cells)
        for row in 0..<count { target[at + row] = source[from + row] }
    }

    private func copyText(
        _ text: TextStorage, from: Int, count: Int, into cells: Cells<TextReference>, at: Int
    ) {
        let offsets = text.offsets.cells
        let (start, end) = (Int(offsets[from]), Int(offsets[from + count]))
        let block = Storage<UInt8>(uninitialized: end - start)
        unsafe block.cells.copy(
            from: Cells(text.bytes.cells.unsafePointer + start, count: end - start))
        arena.append(block)
        let base = unsafe UInt(bitPattern: block.cells.unsafePointer)
        for row in 0..<count {
            let (a, b) = (Int(offsets[from + row]), Int(offsets[from + row + 1]))
            cells[at + row] = TextReference(address: base + UInt(a - start), count: UInt32(b - a))
        }
    }

    /// Appends one cell to a builder.
    func append(_ column: Int, _ row: Int, to builder: ColumnBuilder) {
        if validities[column].cells[row] == 0 { return builder.appendNull() }
        switch columns[column] {
        case .int64(let cells): builder.append(cells.cells[row])
        case .double(let cells): builder.append(cells.cells[row])
        case .bool(let cells): builder.append(cells.cells[row] != 0)
        case .numeric(let cells): builder.append(cells.cells[row])
        case .interval(let cells): builder.append(cells.cells[row])
        case .text(let cells):
            let reference = cells.cells[row]
            unsafe builder.append(
                UnsafeBufferPointer(
                    start: UnsafePointer(bitPattern: reference.address), count: Int(reference.count)
                ))
        }
    }

    /// Whether a cell of this page is the same as a row of `view`.
    func equals(_ column: Int, _ row: Int, _ view: ColumnView, _ other: Int, image: Bool) -> Bool {
        let null = validities[column].cells[row] == 0
        if null || view.isNull(other) { return null && view.isNull(other) }
        switch columns[column] {
        case .int64(let cells): return cells.cells[row] == view.int64(other)
        case .bool(let cells): return cells.cells[row] == view.bool(other)
        case .double(let cells):
            let (a, b) = (cells.cells[row], view.double(other))
            if image { return a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN) }
            return ColumnView.order(a, b) == 0
        case .numeric(let cells):
            let (a, b) = (cells.cells[row], view.numeric(other))
            return image ? a == b : Numeric.compare(a, b) == 0
        case .interval(let cells):
            let (a, b) = (cells.cells[row], view.interval(other))
            return image ? a == b : a.normalized == b.normalized
        case .text(let cells):
            let reference = cells.cells[row]
            let bytes = unsafe view.text(other)
            let held = unsafe UnsafeBufferPointer(
                start: UnsafePointer<UInt8>(bitPattern: reference.address),
                count: Int(reference.count))
            if isJSON[column], !image { return unsafe jsonEqual(held, bytes) }
            guard held.count == bytes.count else { return false }
            guard let left = held.baseAddress, let right = bytes.baseAddress else { return true }
            return unsafe cpure_equal(left, right, bytes.count) != 0
        }
    }

    /// An estimate of the memory held.
    var byteCount: Int {
        var total = arena.reduce(0) { $0 + $1.count }
        for column in columns {
            switch column {
            case .int64, .double: total += capacity * 9
            case .bool: total += capacity * 2
            case .numeric: total += capacity * 33
            case .interval, .text: total += capacity * 17
            }
        }
        return total
    }
}

/// Rows in pages. A row's number is page × 4096 + its place in the page.
@safe
package struct RowPages {
    package let types: [DataType.Physical]
    package private(set) var pages: [RowPage?] = []
    private var freeNumbers: [Int] = []
    private var current: Int?

    package init(_ types: [DataType.Physical]) { self.types = types }

    /// Rows that were placed one behind the other.
    package struct Run {
        package let first: UInt32
        package let batchRow: Int
        package let count: Int
    }

    /// Copies a batch in. - Returns: where its rows are now.
    package mutating func append(_ batch: Batch) -> [Run] {
        var runs: [Run] = []
        var from = 0
        while from < batch.count {
            let number = pageWithSpace(for: batch.count - from)
            guard let page = pages[number] else { break }
            let more = min(page.freeRows, batch.count - from)
            let first = UInt32(number * RowPage.maximumRows + page.count)
            page.append(batch, from: from, to: from + more)
            runs.append(Run(first: first, batchRow: from, count: more))
            from += more
        }
        return runs
    }

    private mutating func pageWithSpace(for wanted: Int) -> Int {
        if let current, let page = pages[current], page.freeRows > 0 { return current }
        let grown = pages.count == 0 ? 64 : (pages.count == 1 ? 512 : RowPage.maximumRows)
        var capacity = grown
        while capacity < wanted, capacity < RowPage.maximumRows { capacity *= 2 }
        let page = RowPage(types, capacity: min(capacity, RowPage.maximumRows))
        let number = freeNumbers.popLast() ?? pages.count
        if number == pages.count { pages.append(page) } else { pages[number] = page }
        current = number
        return number
    }

    /// Forgets a page; its number is used again.
    package mutating func drop(_ number: Int) {
        pages[number] = nil
        freeNumbers.append(number)
        if current == number { current = nil }
    }

    package func page(of row: UInt32) -> RowPage {
        guard let page = pages[Int(row >> 12)] else {
            preconditionFailure("row \(row) in a dropped page")
        }
        return page
    }

    /// Chosen columns of the rows, in the order given.
    package func gather(_ rows: [UInt32], columns: [Int]) -> [Column] {
        columns.map { gather(rows, column: $0) }
    }

    private func gather(_ rows: [UInt32], column: Int) -> Column {
        let builder = ColumnBuilder(types[column], capacity: rows.count)
        for row in rows {
            page(of: row).append(column, Int(row & 4095), to: builder)
        }
        return builder.column()
    }

    /// Whether columns `columns` of a row equal those of a batch row.
    package func equals(
        _ row: UInt32, _ columns: [Int], _ views: [ColumnView], _ other: Int, image: Bool
    ) -> Bool {
        let page = page(of: row)
        let at = Int(row & 4095)
        for index in columns.indices
        where !page.equals(columns[index], at, views[index], other, image: image) { return false }
        return true
    }

    package var byteCount: Int { pages.reduce(0) { $0 + ($1?.byteCount ?? 0) } }
}
