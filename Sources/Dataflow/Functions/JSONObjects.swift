import Types

/// json_object and jsonb_object: objects of texts.
enum JSONObjects {
    static let all: [ScalarFunction] = [
        make("json_object", .json, 1), make("json_object", .json, 2),
        make("jsonb_object", .jsonb, 1), make("jsonb_object", .jsonb, 2),
    ]

    private static func make(_ name: String, _ result: DataType, _ count: Int) -> ScalarFunction {
        let arguments = Array(repeating: DataType.array(of: .text), count: count)
        return ScalarFunction(name, arguments, result, canFail: true) { e, c in
            RowKernels.texts(e, c) { (row) throws(SQLError) in
                let arrays = c.map { ArrayValue(decoding: $0.textBytes(row), .text) }
                let members =
                    try arrays.count == 1 ? pairs(arrays[0]) : pairs(arrays[0], arrays[1])
                return result.kind == .json ? json(members) : jsonb(members)
            }
        }
    }

    private static func subscriptError(_ message: String) -> SQLError {
        SQLError(SQLState.external("2202E"), message)
    }

    /// Keys and values in turn, or rows of two.
    private static func pairs(_ array: ArrayValue) throws(SQLError) -> [([UInt8], [UInt8]?)] {
        switch array.dimensions.count {
        case 0: return []
        case 1:
            guard array.elements.count % 2 == 0 else {
                throw subscriptError("array must have even number of elements")
            }
        case 2:
            guard array.dimensions[1] == 2 else {
                throw subscriptError("array must have two columns")
            }
        default: throw subscriptError("wrong number of array subscripts")
        }
        let places = stride(from: 0, to: array.elements.count, by: 2)
        return try members(
            places.map { array.elements[$0] }, places.map { array.elements[$0 + 1] })
    }

    private static func pairs(_ keys: ArrayValue, _ values: ArrayValue) throws(SQLError)
        -> [([UInt8], [UInt8]?)]
    {
        guard keys.dimensions.count <= 1, keys.dimensions.count == values.dimensions.count else {
            throw subscriptError("wrong number of array subscripts")
        }
        guard keys.elements.count == values.elements.count else {
            throw subscriptError("mismatched array dimensions")
        }
        return try members(keys.elements, values.elements)
    }

    private static func members(_ keys: [Value], _ values: [Value]) throws(SQLError)
        -> [([UInt8], [UInt8]?)]
    {
        var result: [([UInt8], [UInt8]?)] = []
        for (key, value) in zip(keys, values) {
            guard case .text(let name) = key else {
                throw SQLError(
                    SQLState.external("22004"), "null value not allowed for object key")
            }
            if case .text(let text) = value {
                result.append((name, text))
            } else {
                result.append((name, nil))
            }
        }
        return result
    }

    private static func json(_ members: [([UInt8], [UInt8]?)]) -> [UInt8] {
        let list = members.map { (key, value) in
            JSONFunctions.member(
                key, value.map { JSONValue.string($0).canonical } ?? Array("null".utf8))
        }
        return [123] + list.joined(separator: Array(", ".utf8)) + [125]
    }

    private static func jsonb(_ members: [([UInt8], [UInt8]?)]) -> [UInt8] {
        let pairs = members.map { (key: $0.0, value: $0.1.map { .string($0) } ?? JSONValue.null) }
        return JSONValue.object(of: pairs).canonical
    }
}
