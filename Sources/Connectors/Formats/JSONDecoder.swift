import CSimdjson
import Types

/// JSON objects straight into columns, by simdjson. One owner at a time.
///
/// All declared columns are checked, so that which records are rejected does not depend on who reads;
/// only the wanted ones are handed out. A missing field is NULL.
@safe
final class JSONDecoder {
    private let handle: OpaquePointer
    private let columns: [(name: String, type: DataType)]
    /// Columns whose values are read from their text, and what has been read.
    private var converted: [(index: Int, builder: ColumnBuilder)] = []

    /// Whether a number stands for a time since 1970 where a date or time is wanted.
    private let numbersAreTimes: Bool

    init(_ columns: [(name: String, type: DataType)], numbersAreTimes: Bool = false) {
        self.columns = columns
        self.numbersAreTimes = numbersAreTimes
        unsafe handle = csimdjson_new()
        for column in columns {
            let name = column.name.utf8.map { CChar(bitPattern: $0) }
            let range = TextEncoding.range(column.type.kind)
            let code =
                JSONDecoder.isDocument(column.type)
                ? Int32(CSIMDJSON_JSON.rawValue)
                : isConverted(column.type)
                    ? Int32(CSIMDJSON_TEXT.rawValue) : JSONDecoder.code(column.type)
            unsafe csimdjson_add_column(
                handle, name, name.count, code, range.lowerBound,
                range.upperBound, 1)
        }
        resetConverted()
    }

    private func resetConverted() {
        converted = columns.indices.filter { isConverted(columns[$0].type) }.map {
            ($0, ColumnBuilder(columns[$0].type.physical))
        }
    }

    /// Whether simdjson gives the text and the type's own reader makes the value.
    private func isConverted(_ type: DataType) -> Bool {
        switch type.kind {
        case .boolean, .int2, .int4, .int8, .float8, .text: false
        case .timestamp: numbersAreTimes || type.modifier >= 0
        case .numeric: type.modifier >= 4
        case .varchar: type.modifier >= 4
        default: true
        }
    }

    /// A value from what JSON has for it: strings without their quotes, anything else, and what becomes
    /// JSON, as written.
    private static func value(_ text: [UInt8], _ type: DataType) throws(SQLError) -> Value {
        switch type.kind {
        case .array:
            guard text.first == 91 else { return try TextEncoding.parse(text, type) }
            return .text(
                ArrayValue(try elements(try JSONText.parse(text), type.elementType)).encoded(
                    type.element))
        default: return try TextEncoding.parse(text, type)
        }
    }

    private static func elements(_ value: JSONValue, _ type: DataType) throws(SQLError) -> [Value] {
        guard case .array(let list) = value else { return [] }
        var elements: [Value] = []
        for item in list {
            if case .array = item, !isDocument(type) {
                throw SQLError.unsupported("an array of arrays in JSON")
            }
            guard let text = item.text else {
                elements.append(.null)
                continue
            }
            elements.append(try self.value(isDocument(type) ? item.canonical : text, type))
        }
        return elements
    }

    private static func isDocument(_ type: DataType) -> Bool {
        type.kind == .json || type.kind == .jsonb
    }

    /// Change capture writes the documents of json columns as strings: what is in them; nil for anything else.
    private func document(_ text: [UInt8], _ type: DataType) throws(SQLError) -> [UInt8]? {
        guard numbersAreTimes, JSONDecoder.isDocument(type), text.first == 34,
            case .string(let inner) = try JSONText.parse(text)
        else { return nil }
        return inner
    }

    /// Reads the converted columns of the newest row. - Returns: nil, or why it is no row.
    private func convertLast() -> String? {
        if converted.isEmpty { return nil }
        let row = count - 1
        var values: [Value] = []
        for (index, _) in converted {
            do throws(SQLError) {
                values.append(
                    try lastText(index, row).map { (text) throws(SQLError) in
                        if numbersAreTimes,
                            let time = NumericTimes.value(text, columns[index].type.kind)
                        {
                            return time
                        }
                        return try JSONDecoder.value(
                            document(text, columns[index].type) ?? text, columns[index].type)
                    } ?? .null)
            } catch {
                unsafe csimdjson_drop_last(handle)
                return "column \"\(columns[index].name)\": \(error.message)"
            }
        }
        for (place, value) in values.enumerated() { converted[place].builder.append(value) }
        return nil
    }

    private func lastText(_ index: Int, _ row: Int) -> [UInt8]? {
        var hasNull: Int32 = 0
        let mask = unsafe csimdjson_validity(handle, index, &hasNull)
        if hasNull != 0, let mask = unsafe mask, unsafe mask[row] == 0 { return nil }
        var byteCount = 0
        let bytes = unsafe csimdjson_bytes(handle, index, &byteCount)
        guard let offsets = unsafe csimdjson_offsets(handle, index), let bytes = unsafe bytes else {
            return []
        }
        let (from, to) = unsafe (Int(offsets[row]), Int(offsets[row + 1]))
        guard from <= to, to <= byteCount else { return [] }
        return unsafe bytes.withMemoryRebound(to: UInt8.self, capacity: max(byteCount, 1)) {
            start in
            unsafe Array(UnsafeBufferPointer(start: start + from, count: to - from))
        }
    }

    deinit { unsafe csimdjson_free(handle) }

    private static func code(_ type: DataType) -> Int32 {
        switch type.physical {
        case .int64: Int32((type.kind == .timestamp ? CSIMDJSON_TIMESTAMP : CSIMDJSON_INT).rawValue)
        case .double: Int32(CSIMDJSON_DOUBLE.rawValue)
        case .bool: Int32(CSIMDJSON_BOOL.rawValue)
        case .numeric: Int32(CSIMDJSON_NUMERIC.rawValue)
        case .text, .json, .interval: Int32(CSIMDJSON_TEXT.rawValue)
        }
    }

    var count: Int { unsafe Int(csimdjson_rows(handle)) }

    /// Appends one object. `bytes` lie in memory with 64 readable bytes behind them; the required
    /// columns must not be NULL.
    /// - Returns: nil, or why the record is no row.
    func append(_ bytes: UnsafePointer<UInt8>, count length: Int, required: [Int] = []) -> String? {
        guard unsafe csimdjson_append(handle, bytes, length) == 0 else {
            return unsafe String(cString: csimdjson_error(handle))
        }
        for column in required {
            var hasNull: Int32 = 0
            let mask = unsafe csimdjson_validity(handle, column, &hasNull)
            guard hasNull != 0, let mask = unsafe mask, unsafe mask[count - 1] == 0 else {
                continue
            }
            unsafe csimdjson_drop_last(handle)
            return "null value in column \"\(columns[column].name)\""
        }
        return convertLast()
    }

    /// Where the named members of the object in `range` stand in `bytes`, which have 64 readable ones
    /// behind it; nil when it is no object.
    func members(_ bytes: [UInt8], _ range: Range<Int>, _ names: [String]) -> [Range<Int>?]? {
        var places = [Int](repeating: 0, count: names.count * 2)
        // One after the other, each with a zero behind it.
        let words = names.flatMap { Array($0.utf8CString) }
        let isObject = unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress, range.upperBound <= buffer.count else {
                return false
            }
            return unsafe csimdjson_members(
                handle, start + range.lowerBound, range.count, words, names.count, &places) == 0
        }
        if !isObject { return nil }
        return names.indices.map { index in
            let (begin, end) = (places[index * 2], places[index * 2 + 1])
            return end > begin ? range.lowerBound + begin..<range.lowerBound + end : nil
        }
    }

    /// The wanted columns of all rows so far, in the order asked for; the decoder is empty afterwards.
    func take(_ wanted: [Int]) -> Batch {
        let rows = count
        let result = Batch(columns: wanted.map { column($0, rows) }, count: rows)
        unsafe csimdjson_clear(handle)
        resetConverted()
        return result
    }

    private func copy<Element>(_ start: UnsafeRawPointer?, _ count: Int, _ zero: Element)
        -> Storage<Element>
    {
        let storage = Storage<Element>(uninitialized: count)
        if let start = unsafe start {
            unsafe UnsafeMutableRawPointer(storage.cells.unsafePointer).copyMemory(
                from: start, byteCount: count * MemoryLayout<Element>.stride)
        }
        return storage
    }

    private func column(_ index: Int, _ rows: Int) -> Column {
        if let made = converted.first(where: { $0.index == index }) { return made.builder.column() }
        var hasNull: Int32 = 0
        let mask = unsafe csimdjson_validity(handle, index, &hasNull)
        let validity = hasNull != 0 ? unsafe copy(UnsafeRawPointer(mask), rows, 0 as UInt8) : nil
        let cells = unsafe csimdjson_cells(handle, index)
        switch columns[index].type.physical {
        case .int64: return Column(.int64(unsafe copy(cells, rows, 0 as Int64)), validity: validity)
        case .double:
            return Column(.double(unsafe copy(cells, rows, 0 as Double)), validity: validity)
        case .bool: return Column(.bool(unsafe copy(cells, rows, 0 as UInt8)), validity: validity)
        case .numeric:
            let coefficients = unsafe copy(cells, rows, 0 as Int128)
            let scales = unsafe copy(
                UnsafeRawPointer(csimdjson_scales(handle, index)), rows, 0 as Int16)
            let numbers = Storage<Numeric>(uninitialized: rows)
            let (from, places, to) = (coefficients.cells, scales.cells, numbers.cells)
            for row in 0..<rows {
                to[row] = Numeric(coefficient: from[row], scale: Int(places[row]))
            }
            return Column(.numeric(numbers), validity: validity)
        case .text, .json, .interval:
            var byteCount = 0
            let bytes = unsafe csimdjson_bytes(handle, index, &byteCount)
            let places = unsafe copy(
                UnsafeRawPointer(csimdjson_offsets(handle, index)), rows + 1, 0 as UInt32)
            let offsets = Storage<Int64>(uninitialized: rows + 1)
            let (from, to) = (places.cells, offsets.cells)
            for row in 0...rows { to[row] = Int64(from[row]) }
            let storage = unsafe copy(UnsafeRawPointer(bytes), byteCount, 0 as UInt8)
            return Column(.text(TextStorage(offsets: offsets, bytes: storage)), validity: validity)
        }
    }
}
