package import Types

/// json and jsonb out of values of any types. jsonb has one text for one value; json is written as
/// PostgreSQL writes it, spacing and all.
extension JSONFunctions {
    /// Functions of any types, made for the types at hand.
    package static func function(_ name: String, _ types: [DataType]) -> ScalarFunction? {
        switch name {
        case "to_jsonb", "jsonb_build_array", "jsonb_build_object": return binary(name, types)
        case "array_to_json":
            guard types.first?.kind == .array, types.count <= 2 else { return nil }
            let arguments = [types[0], .boolean].prefix(types.count)
            return ScalarFunction(name, Array(arguments), .json, canFail: true) { e, c in
                RowKernels.texts(e, c) { (row) throws(SQLError) in
                    let array = ArrayValue(decoding: c[0].textBytes(row), types[0].element)
                    let breaksLines = c.count > 1 && c[1].bools.cells[row] != 0
                    return try json(array, types[0].elementType, breaksLines: breaksLines)
                }
            }
        case "to_json":
            guard types.count == 1 else { return nil }
            return ScalarFunction(name, types, .json, canFail: true) { e, c in
                RowKernels.texts(e, c) { (row) throws(SQLError) in
                    try json(c[0].value(row), types[0])
                }
            }
        case "json_build_array":
            return build(name, types, .json) { (c, row) throws(SQLError) in
                var items: [[UInt8]] = []
                for (column, type) in zip(c, types) {
                    items.append(try json(column.value(row), type))
                }
                return [91] + items.joined(separator: Array(", ".utf8)) + [93]
            }
        case "json_build_object":
            return build(name, types, .json) { (c, row) throws(SQLError) in
                var members: [[UInt8]] = []
                for (key, index) in try keys(name, c, types, row) {
                    members.append(
                        member(key, try json(c[index].value(row), types[index])))
                }
                return [123] + members.joined(separator: Array(", ".utf8)) + [125]
            }
        default: return nil
        }
    }

    private static func build(
        _ name: String, _ types: [DataType], _ result: DataType,
        _ f: @escaping @Sendable ([Column], Int) throws(SQLError) -> [UInt8]
    ) -> ScalarFunction {
        ScalarFunction(name, types, result, strict: false, canFail: true) { e, c in
            RowKernels.texts(e, c, strict: false) { (row) throws(SQLError) in try f(c, row) }
        }
    }

    private static func binary(_ name: String, _ types: [DataType]) -> ScalarFunction? {
        switch name {
        case "to_jsonb":
            guard types.count == 1 else { return nil }
            return ScalarFunction(name, types, .jsonb, canFail: true) { e, c in
                RowKernels.texts(e, c) { (row) throws(SQLError) in
                    try value(c[0].value(row), types[0]).canonical
                }
            }
        case "jsonb_build_array":
            return build(name, types, .jsonb) { (c, row) throws(SQLError) in
                var items: [JSONValue] = []
                for (column, type) in zip(c, types) {
                    items.append(try value(column.value(row), type))
                }
                return JSONValue.array(items).canonical
            }
        default:
            return build(name, types, .jsonb) { (c, row) throws(SQLError) in
                var pairs: [(key: [UInt8], value: JSONValue)] = []
                for (key, index) in try keys(name, c, types, row) {
                    pairs.append((key, try value(c[index].value(row), types[index])))
                }
                return JSONValue.object(of: pairs).canonical
            }
        }
    }

    /// The keys of alternating keys and values, and where their values are.
    private static func keys(_ name: String, _ c: [Column], _ types: [DataType], _ row: Int)
        throws(SQLError) -> [(key: [UInt8], value: Int)]
    {
        guard c.count % 2 == 0 else {
            throw SQLError(
                .invalidParameterValue, "argument list must have even number of elements",
                hint: "The arguments of \(name)() must consist of alternating keys and values.")
        }
        var list: [(key: [UInt8], value: Int)] = []
        for index in stride(from: 0, to: c.count, by: 2) {
            guard let key = try key(c[index].value(row), types[index]) else {
                throw SQLError(
                    .invalidParameterValue, "argument \(index + 1): key must not be null")
            }
            list.append((key, index + 1))
        }
        return list
    }

    /// A value as the key of a member; nil of NULL. - Throws: 22023 for what has parts.
    static func key(_ value: Value, _ type: DataType) throws(SQLError) -> [UInt8]? {
        switch (value, type.kind) {
        case (.null, _): return nil
        case (.bool(let bool), _): return Array((bool ? "true" : "false").utf8)
        case (_, .array), (_, .json), (_, .jsonb):
            throw SQLError(
                .invalidParameterValue,
                "key value must be scalar, not array, composite, or json")
        case (_, .timestamp), (_, .timestamptz): return try self.value(value, type).text
        default: return TextEncoding.text(value, type)
        }
    }

    /// A value as the key of a member, for aggregates.
    package static func key(of type: DataType) -> ScalarFunction {
        ScalarFunction("json_key", [type], .text, canFail: true) { e, c in
            RowKernels.texts(e, c) { (row) throws(SQLError) in try key(c[0].value(row), type) }
        }
    }

    // MARK: - json as text

    /// `"key" : value`
    static func member(_ key: [UInt8], _ value: [UInt8]) -> [UInt8] {
        JSONValue.string(key).canonical + Array(" : ".utf8) + value
    }

    /// A value as json: json as it was written, arrays without blanks.
    static func json(_ value: Value, _ type: DataType) throws(SQLError) -> [UInt8] {
        switch (type.kind, value) {
        case (_, .null): return Array("null".utf8)
        case (.json, .text(let bytes)), (.jsonb, .text(let bytes)): return bytes
        case (.array, .text(let bytes)):
            return try json(ArrayValue(decoding: bytes, type.element), type.elementType)
        case (_, .double(let double)) where double.isFinite:
            return TextEncoding.text(value, type) ?? []
        default: return try self.value(value, type).canonical
        }
    }

    /// `breaksLines`: between the elements of the first dimension.
    private static func json(
        _ array: ArrayValue, _ element: DataType, breaksLines: Bool = false
    ) throws(SQLError) -> [UInt8] {
        var next = 0
        func dimension(_ depth: Int) throws(SQLError) -> [UInt8] {
            var items: [[UInt8]] = []
            for _ in 0..<array.dimensions[depth] {
                if depth + 1 < array.dimensions.count {
                    items.append(try dimension(depth + 1))
                } else {
                    items.append(try json(array.elements[next], element))
                    next += 1
                }
            }
            let separator: [UInt8] = breaksLines && depth == 0 ? [44, 10, 32] : [44]
            return [91] + items.joined(separator: separator) + [93]
        }
        return array.dimensions.isEmpty ? [91, 93] : try dimension(0)
    }
}
