import CSimdjson
import Types

/// The records of a topic into rows: JSON fields and parts of the record itself. One owner at a time.
///
/// A row's weight is 1 when it is to be there, and -1 when the row of its key is to go; of such a row
/// only the key's columns count.
final class RecordDecoder {
    private let columns: [(name: String, type: DataType)]
    private let format: RecordFormat
    private let json: JSONDecoder
    /// For each column: its place among the JSON columns, or the part it holds.
    private let places: [Int]
    private let required: [Int]
    private let jsonKey: [Int]
    /// Where each row came from, when a column holds a part of it.
    private var origins: [(record: RecordIterator.Record, key: [UInt8]?, partition: Int32)] = []
    private var weights: [Int64] = []
    private var hasRemovals = false
    /// Rows that change places with the one behind them.
    private var swapped: [Int] = []

    init(_ columns: [(name: String, type: DataType)], _ format: RecordFormat) {
        self.columns = columns
        self.format = format
        let fields = columns.indices.filter { format.parts[$0] == nil }
        json = JSONDecoder(
            fields.map { columns[$0] }, numbersAreTimes: format.kind == .debezium)
        places = columns.indices.map { fields.firstIndex(of: $0) ?? -1 }
        required = format.required.compactMap { fields.firstIndex(of: $0) }
        jsonKey = format.key.compactMap { fields.firstIndex(of: $0) }
    }

    var count: Int { json.count }

    /// Appends what a record says. `bytes` have 64 readable ones behind each record.
    /// - Returns: nil, or why the record is no row.
    func append(_ record: RecordIterator.Record, _ bytes: [UInt8], partition: Int32) -> String? {
        switch format.kind {
        case .plain:
            guard let value = record.value else { return "null value" }
            return appendRow(bytes, value, required, 1, record, bytes, partition)
        case .upsert:
            if let value = record.value, !value.isEmpty {
                return appendRow(bytes, value, required, 1, record, bytes, partition)
            }
            return appendKey(record, bytes, partition)
        case .debezium: return appendEnvelope(record, bytes, partition)
        }
    }

    /// Microseconds between 1970 and 2000.
    private static let epochOffset: Int64 = 946_684_800_000_000

    private func appendRow(
        _ text: [UInt8], _ range: Range<Int>, _ required: [Int], _ weight: Int64,
        _ record: RecordIterator.Record, _ bytes: [UInt8], _ partition: Int32
    ) -> String? {
        if range.isEmpty { return "empty value" }
        if record.key == nil, format.key.contains(where: { format.parts[$0] == .key }) {
            return "the record has no key"
        }
        let reason = unsafe text.withUnsafeBufferPointer { buffer -> String? in
            guard let start = buffer.baseAddress else { return "empty value" }
            return unsafe json.append(
                start + range.lowerBound, count: range.count, required: required)
        }
        if let reason { return reason }
        if !format.parts.isEmpty {
            origins.append((record, record.key.map { Array(bytes[$0]) }, partition))
        }
        if weight < 0 { hasRemovals = true }
        if format.kind != .plain { weights.append(weight) }
        return nil
    }

    // MARK: - Removals by the record's key

    /// A removal of the row that the record's key names: an object with the key's fields, or the value
    /// of its only column, as JSON or as plain text.
    private func appendKey(
        _ record: RecordIterator.Record, _ bytes: [UInt8], _ partition: Int32
    ) -> String? {
        guard let range = record.key else { return "neither key nor value" }
        if jsonKey.isEmpty { return appendPadded(Array("{}".utf8), record, bytes, partition) }
        var key = Array(bytes[range])
        if let payload = members(key, ["payload"])?[0] { key = Array(key[payload]) }
        let only = format.key.count == 1 ? columns[format.key[0]] : nil
        if let found = members(key, only.map { [$0.name] } ?? []),
            only?.type.isString != true || found[0] != nil
        {
            return appendPadded(key, record, bytes, partition)
        }
        guard let only else {
            return "the key is no JSON object, and the primary key has \(format.key.count) columns"
        }
        let name = JSONValue.string(Array(only.name.utf8)).canonical
        // A text is a text, whatever it looks like, but for the quotes of JSON.
        let isText = only.type.isString && key.first != 34
        let isJSON = !isText && (try? JSONText.parse(key)) != nil
        let value = isJSON ? key : JSONValue.string(key).canonical
        return appendPadded([123] + name + [58] + value + [125], record, bytes, partition)
    }

    private func appendPadded(
        _ object: [UInt8], _ record: RecordIterator.Record, _ bytes: [UInt8], _ partition: Int32
    ) -> String? {
        let padded = object + [UInt8](repeating: 32, count: 64)
        return appendRow(padded, 0..<object.count, jsonKey, -1, record, bytes, partition)
    }

    // MARK: - Debezium

    /// Where the named members of an object stand; nil when the text is no object.
    private func members(_ object: [UInt8], _ names: [String]) -> [Range<Int>?]? {
        let padded = object + [UInt8](repeating: 32, count: 64)
        return json.members(padded, 0..<object.count, names)
    }

    /// An object with the key's columns of a row, whatever its others hold: what did not change may not be
    /// there. nil when it has not all of them.
    private func key(of row: Range<Int>, _ bytes: [UInt8]) -> [UInt8]? {
        let names = format.key.filter { format.parts[$0] == nil }.map { columns[$0].name }
        guard !names.isEmpty, let found = json.members(bytes, row, names) else { return nil }
        var object: [UInt8] = []
        for (name, place) in zip(names, found) {
            guard let place, Array(bytes[place]) != Array("null".utf8) else { return nil }
            object.append(object.isEmpty ? 123 : 44)
            object += JSONValue.string(Array(name.utf8)).canonical + [58] + bytes[place]
        }
        return object + [125]
    }

    private func appendEnvelope(
        _ record: RecordIterator.Record, _ bytes: [UInt8], _ partition: Int32
    ) -> String? {
        // A tombstone follows each removal, for the broker's compaction.
        guard var range = record.value, !range.isEmpty else { return nil }
        guard var found = json.members(bytes, range, ["payload", "before", "after", "op"]) else {
            return "not a JSON object"
        }
        if let payload = found[0] {
            guard let inner = json.members(bytes, payload, ["payload", "before", "after", "op"])
            else {
                return "payload is not a JSON object"
            }
            (range, found) = (payload, inner)
        }
        func row(_ place: Range<Int>?) -> Range<Int>? {
            place.flatMap { bytes[$0].first == 123 ? $0 : nil }
        }
        guard let operation = found[3].map({ String(decoding: bytes[$0], as: UTF8.self) }) else {
            return "field \"op\" is missing"
        }
        switch operation {
        case "\"c\"", "\"r\"", "\"u\"":
            guard let after = row(found[2]) else { return "field \"after\" is not an object" }
            if let reason = appendRow(bytes, after, required, 1, record, bytes, partition) {
                return reason
            }
            // The old row's key may be another. It has to go first; one without its key is no help.
            if let before = row(found[1]), let key = key(of: before, bytes),
                appendPadded(key, record, bytes, partition) == nil
            {
                swapped.append(count - 2)
            }
            return nil
        case "\"d\"":
            if let before = row(found[1]), let key = key(of: before, bytes) {
                return appendPadded(key, record, bytes, partition)
            }
            return appendKey(record, bytes, partition)
        default: return "operation \(operation) is not supported"
        }
    }

    // MARK: - Rows

    /// The wanted columns of all rows so far, in the order asked for; the decoder is empty afterwards.
    func take(_ wanted: [Int]) -> Batch {
        let rows = count
        let fields = json.take(wanted.map { places[$0] }.filter { $0 >= 0 })
        var next = 0
        let columns = wanted.map { index -> Column in
            guard let part = format.parts[index] else {
                next += 1
                return fields.columns[next - 1]
            }
            return column(of: part)
        }
        let batch = Batch(
            columns: columns, count: rows, weights: hasRemovals ? Storage(weights) : nil)
        defer {
            weights.removeAll(keepingCapacity: true)
            origins.removeAll(keepingCapacity: true)
            swapped.removeAll(keepingCapacity: true)
            hasRemovals = false
        }
        if swapped.isEmpty { return batch }
        var order = Array(0..<UInt32(rows))
        for row in swapped { order.swapAt(row, row + 1) }
        let rowOrder = Storage(order)
        return batch.gathered(rowOrder.cells)
    }

    private func column(of part: RecordFormat.Part) -> Column {
        let builder = ColumnBuilder(part.type.physical, capacity: origins.count)
        for (record, key, partition) in origins {
            switch part {
            case .key: builder.append(key.map { Value.text($0) } ?? .null)
            case .partition: builder.append(Int64(partition))
            case .offset: builder.append(record.offset)
            case .timestamp:
                builder.append((record.timestamp &* 1000) &- RecordDecoder.epochOffset)
            }
        }
        return builder.column()
    }
}
