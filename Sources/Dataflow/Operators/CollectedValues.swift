import Types

/// The values of all groups of one string_agg, array_agg or the like, in order, with counts.
///
/// The order is the aggregate's ORDER BY, then the value itself: the answer is a function of the
/// content, not of the order of arrival.
final class CollectedValues {
    struct Entry {
        let group: UInt32
        let key: [UInt8]
        let value: Value
        /// The separator of string_agg, the key of json_object_agg.
        let second: Value
        var count: Int64
    }

    private var entries = OrderedBlocks<Entry>()
    /// An estimate of the memory that the entries take.
    private(set) var byteCount = 0
    /// What the values of one group may take when they are brought together; PostgreSQL's longest value.
    private static let mostBytes = 0x3FFF_FFFF

    private static func precedes(_ entry: Entry, _ group: UInt32, _ key: [UInt8]) -> Bool {
        entry.group != group ? entry.group < group : entry.key.lexicographicallyPrecedes(key)
    }

    func add(_ group: UInt32, key: [UInt8], _ value: Value, _ second: Value, _ weight: Int64) {
        let place = entries.locate { CollectedValues.precedes($0, group, key) }
        guard let there = entries.element(at: place), there.group == group, there.key == key else {
            byteCount += CollectedValues.bytes(of: key, value, second)
            return entries.insert(
                Entry(group: group, key: key, value: value, second: second, count: weight),
                at: place)
        }
        if there.count + weight == 0 {
            byteCount -= CollectedValues.bytes(of: key, there.value, there.second)
            entries.remove(at: place)
        } else {
            entries.update(place) { $0.count += weight }
        }
    }

    private static func bytes(of key: [UInt8], _ value: Value, _ second: Value) -> Int {
        // A heap object has a header of 32 bytes.
        MemoryLayout<Entry>.stride + key.count + value.byteCount + second.byteCount + 96
    }

    /// The values of a group, in order and as often as they are there.
    /// - Throws: 54000 for more than can be one value.
    private func values(_ group: UInt32, isDistinct: Bool) throws(SQLError) -> [(Value, Value)] {
        var list: [(Value, Value)] = []
        var bytes: Int64 = 0
        let listed = 2 * MemoryLayout<Value>.stride
        entries.walk(from: entries.locate { $0.group < group }) { entry in
            guard entry.group == group else { return false }
            let copies = isDistinct ? min(entry.count, 1) : entry.count
            if copies > 0 {
                let (size, overflow) = Int64(
                    listed + entry.value.byteCount + entry.second.byteCount
                )
                .multipliedReportingOverflow(by: copies)
                bytes = overflow ? Int64.max / 2 : min(bytes + size, Int64.max / 2)
                if bytes > CollectedValues.mostBytes { return false }
                for _ in 0..<copies { list.append((entry.value, entry.second)) }
            }
            return true
        }
        if bytes > CollectedValues.mostBytes {
            throw SQLError(
                .programLimitExceeded, "out of memory",
                detail: "One value cannot have more than \(CollectedValues.mostBytes) bytes.")
        }
        return list
    }

    func value(
        _ group: UInt32, _ aggregate: Aggregate, _ type: DataType
    ) throws(SQLError) -> Value {
        let list = try values(group, isDistinct: aggregate.isDistinct)
        if list.isEmpty { return .null }
        switch aggregate.function {
        case .stringAgg:
            var text: [UInt8] = []
            for (index, (value, separator)) in list.enumerated() {
                if index > 0, case .text(let bytes) = separator { text += bytes }
                if case .text(let bytes) = value { text += bytes }
            }
            return .text(text)
        case .arrayAgg:
            if type.kind == .array { return try nested(list.map(\.0), type) }
            return .text(ArrayValue(list.map(\.0)).encoded(type.kind))
        case .jsonbAgg:
            var items: [JSONValue] = []
            for (value, _) in list { items.append(try JSONFunctions.value(value, type)) }
            return .text(JSONValue.array(items).canonical)
        case .jsonAgg:
            var items: [[UInt8]] = []
            for (value, _) in list { items.append(try JSONFunctions.json(value, type)) }
            let separator = Array((aggregate.separatesLines ? ", \n " : ", ").utf8)
            return .text([91] + items.joined(separator: separator) + [93])
        case .jsonObjectAgg, .jsonbObjectAgg: return try object(list, aggregate.function, type)
        default: throw .internalFault("a collecting aggregate without a result")
        }
    }

    /// The values under their keys; in json a key may repeat.
    private func object(
        _ list: [(value: Value, key: Value)], _ function: Aggregate.Function, _ type: DataType
    ) throws(SQLError) -> Value {
        var pairs: [(key: [UInt8], value: JSONValue)] = []
        var members: [[UInt8]] = []
        for (value, key) in list {
            guard case .text(let name) = key else {
                throw SQLError(.invalidParameterValue, "field name must not be null")
            }
            if function == .jsonbObjectAgg {
                pairs.append((name, try JSONFunctions.value(value, type)))
            } else {
                members.append(JSONFunctions.member(name, try JSONFunctions.json(value, type)))
            }
        }
        if function == .jsonbObjectAgg { return .text(JSONValue.object(of: pairs).canonical) }
        return .text(
            Array("{ ".utf8) + Array(members.joined(separator: Array(", ".utf8)))
                + Array(" }".utf8))
    }

    /// Arrays as the elements of one of a dimension more.
    private func nested(_ list: [Value], _ type: DataType) throws(SQLError) -> Value {
        var outer = ArrayValue()
        for value in list {
            guard case .text(let bytes) = value else {
                throw SQLError(
                    SQLState.external("22004"), "cannot accumulate null arrays")
            }
            let inner = ArrayValue(decoding: bytes, type.element)
            if outer.dimensions.isEmpty {
                outer.dimensions = [0] + inner.dimensions
                outer.lowerBounds = [1] + inner.lowerBounds
            }
            guard Array(outer.dimensions.dropFirst()) == inner.dimensions else {
                throw SQLError(
                    SQLState.external("2202E"),
                    "cannot accumulate arrays of different dimensionality")
            }
            outer.dimensions[0] += 1
            outer.elements += inner.elements
        }
        return .text(outer.encoded(type.element))
    }
}
