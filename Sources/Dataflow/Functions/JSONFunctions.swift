package import Types

/// Operators and functions of jsonb; `JSONTextFunctions` has those of json.
package enum JSONFunctions {
    static let all: [ScalarFunction] =
        access + paths + containment + changing + asking + text + lists + JSONTextFunctions.all
        + JSONObjects.all

    private static func json(_ column: Column, _ row: Int) throws(SQLError) -> JSONValue {
        try JSONText.parse(column.textBytes(row))
    }

    /// A function from a document and more to a document, or NULL.
    private static func documents(
        _ name: String, _ arguments: [DataType], _ result: DataType,
        _ f: @escaping @Sendable ([Column], Int) throws(SQLError) -> JSONValue?
    ) -> ScalarFunction {
        ScalarFunction(name, arguments, result, canFail: true) { e, c in
            RowKernels.texts(e, c) { (row) throws(SQLError) in try f(c, row)?.canonical }
        }
    }

    private static func texts(
        _ name: String, _ arguments: [DataType], _ result: DataType = .text,
        _ f: @escaping @Sendable ([Column], Int) throws(SQLError) -> [UInt8]?
    ) -> ScalarFunction {
        ScalarFunction(name, arguments, result, canFail: true) { e, c in
            RowKernels.texts(e, c) { (row) throws(SQLError) in try f(c, row) }
        }
    }

    private static func index(_ column: Column, _ row: Int) -> Int {
        Int(truncatingIfNeeded: column.int64s.cells[row])
    }

    static func path(_ column: Column, _ row: Int) -> [Value] {
        ArrayValue(decoding: column.textBytes(row), .text).elements
    }

    static func find(_ value: JSONValue, _ path: [Value]) -> JSONValue? {
        var current = value
        for step in path {
            guard case .text(let key) = step else { return nil }
            switch current {
            case .object:
                guard let next = current[key: key] else { return nil }
                current = next
            case .array:
                guard let place = Int(String(decoding: key, as: UTF8.self)),
                    let next = current[index: place]
                else { return nil }
                current = next
            default: return nil
            }
        }
        return current
    }

    private static let textArray = DataType.array(of: .text)

    /// jsonb_extract_path and its kin: the path's steps are arguments.
    private static var paths: [ScalarFunction] {
        @Sendable func steps(_ c: [Column], _ row: Int) -> [Value] {
            c.dropFirst().map { $0.value(row) }
        }
        let name = "jsonb_extract_path"
        return [
            ScalarFunction(name, [.jsonb, .text], .jsonb, variadic: true, canFail: true) { e, c in
                RowKernels.texts(e, c) { (row) throws(SQLError) in
                    find(try json(c[0], row), steps(c, row))?.canonical
                }
            },
            ScalarFunction(name + "_text", [.jsonb, .text], .text, variadic: true, canFail: true) {
                e, c in
                RowKernels.texts(e, c) { (row) throws(SQLError) in
                    find(try json(c[0], row), steps(c, row))?.text
                }
            },
        ]
    }

    private static var access: [ScalarFunction] {
        let type = DataType.jsonb
        return [
            documents("->", [type, .text], type) { (c, row) throws(SQLError) in
                try json(c[0], row)[key: c[1].textBytes(row)]
            },
            documents("->", [type, .int4], type) { (c, row) throws(SQLError) in
                try json(c[0], row)[index: index(c[1], row)]
            },
            texts("->>", [type, .text]) { (c, row) throws(SQLError) in
                try json(c[0], row)[key: c[1].textBytes(row)]?.text
            },
            texts("->>", [type, .int4]) { (c, row) throws(SQLError) in
                try json(c[0], row)[index: index(c[1], row)]?.text
            },
            documents("#>", [type, textArray], type) { (c, row) throws(SQLError) in
                find(try json(c[0], row), path(c[1], row))
            },
            texts("#>>", [type, textArray]) { (c, row) throws(SQLError) in
                find(try json(c[0], row), path(c[1], row))?.text
            },
        ]
    }

    /// What set-returning functions take their rows from.
    private static var lists: [ScalarFunction] {
        func make(
            _ name: String, _ element: DataType.Kind,
            _ f: @escaping @Sendable (JSONValue) throws(SQLError) -> [Value]
        ) -> ScalarFunction {
            ScalarFunction(name + "@array", [.jsonb], .array(of: element), canFail: true) { e, c in
                RowKernels.texts(e, c) { (row) throws(SQLError) in
                    ArrayValue(try f(try json(c[0], row))).encoded(element)
                }
            }
        }
        @Sendable func elements(_ value: JSONValue) throws(SQLError) -> [JSONValue] {
            guard case .array(let list) = value else {
                let what = { if case .object = value { "an object" } else { "a scalar" } }()
                throw SQLError(
                    .invalidParameterValue, "cannot extract elements from \(what)")
            }
            return list
        }
        @Sendable func pairs(_ value: JSONValue) throws(SQLError) -> [(
            key: [UInt8], value: JSONValue
        )] {
            guard case .object(let pairs) = value else {
                throw SQLError(
                    .invalidParameterValue, "cannot call this function on a non-object")
            }
            return pairs
        }
        @Sendable func text(_ value: JSONValue) -> Value { value.text.map { .text($0) } ?? .null }
        return [
            make("jsonb_array_elements", .jsonb) { (x) throws(SQLError) in
                try elements(x).map { .text($0.canonical) }
            },
            make("jsonb_array_elements_text", .text) { (x) throws(SQLError) in
                try elements(x).map(text)
            },
            make("jsonb_object_keys", .text) { (x) throws(SQLError) in
                try pairs(x).map { .text($0.key) }
            },
            make("jsonb_each", .jsonb) { (x) throws(SQLError) in
                try pairs(x).map { .text($0.value.canonical) }
            },
            make("jsonb_each_text", .text) { (x) throws(SQLError) in
                try pairs(x).map { text($0.value) }
            },
        ]
    }

    // MARK: - Containment

    static func contains(_ left: JSONValue, _ right: JSONValue, isTop: Bool = true) -> Bool {
        switch (left, right) {
        case (.object, .object(let pairs)):
            return pairs.allSatisfy { pair in
                left[key: pair.key].map { contains($0, pair.value, isTop: false) } ?? false
            }
        case (.array(let list), .array(let wanted)):
            return wanted.allSatisfy { item in
                list.contains { contains($0, item, isTop: false) }
            }
        case (.array(let list), _) where isTop:
            if case .object = right { return false }
            return list.contains(right)
        case (.number(let a), .number(let b)): return Numeric.compare(a, b) == 0
        default: return left == right
        }
    }

    private static func has(_ value: JSONValue, _ key: [UInt8]) -> Bool {
        switch value {
        case .object: value[key: key] != nil
        case .array(let list): list.contains(.string(key))
        case .string(let text): text == key
        default: false
        }
    }

    private static func test(
        _ name: String, _ arguments: [DataType],
        _ f: @escaping @Sendable ([Column], Int) throws(SQLError) -> Bool
    ) -> ScalarFunction {
        ScalarFunction(name, arguments, .boolean, canFail: true) { e, c in
            RowKernels.bools(e, c) { (row) throws(SQLError) in try f(c, row) }
        }
    }

    private static var containment: [ScalarFunction] {
        @Sendable func keys(_ c: [Column], _ row: Int) -> [[UInt8]] {
            path(c[1], row).compactMap { if case .text(let text) = $0 { text } else { nil } }
        }
        return [
            test("@>", [.jsonb, .jsonb]) { (c, row) throws(SQLError) in
                contains(try json(c[0], row), try json(c[1], row))
            },
            test("<@", [.jsonb, .jsonb]) { (c, row) throws(SQLError) in
                contains(try json(c[1], row), try json(c[0], row))
            },
            test("?", [.jsonb, .text]) { (c, row) throws(SQLError) in
                has(try json(c[0], row), c[1].textBytes(row))
            },
            test("?|", [.jsonb, textArray]) { (c, row) throws(SQLError) in
                let value = try json(c[0], row)
                return keys(c, row).contains { has(value, $0) }
            },
            test("?&", [.jsonb, textArray]) { (c, row) throws(SQLError) in
                let value = try json(c[0], row)
                return keys(c, row).allSatisfy { has(value, $0) }
            },
        ]
    }

    // MARK: - Changing

    private static func joined(_ a: JSONValue, _ b: JSONValue) throws(SQLError) -> JSONValue {
        switch (a, b) {
        case (.object(let left), .object(let right)): return .object(of: left + right)
        case (.array(let left), .array(let right)): return .array(left + right)
        case (.array(let left), _): return .array(left + [b])
        case (_, .array(let right)): return .array([a] + right)
        default: return .array([a, b])
        }
    }

    private static func without(_ value: JSONValue, _ key: [UInt8]) throws(SQLError) -> JSONValue {
        switch value {
        case .object(let pairs): return .object(pairs.filter { $0.key != key })
        case .array(let list): return .array(list.filter { $0 != .string(key) })
        default: throw SQLError(.invalidParameterValue, "cannot delete from scalar")
        }
    }

    private static func without(_ value: JSONValue, at index: Int) throws(SQLError) -> JSONValue {
        switch value {
        case .array(var list):
            let place = index < 0 ? list.count + index : index
            if list.indices.contains(place) { list.remove(at: place) }
            return .array(list)
        case .object:
            throw SQLError(
                .invalidParameterValue, "cannot delete from object using integer index")
        default: throw SQLError(.invalidParameterValue, "cannot delete from scalar")
        }
    }

    /// The first step of a rest of a path; nil at its end.
    private static func key(of path: ArraySlice<Value>) throws(SQLError) -> [UInt8]? {
        guard let step = path.first else { return nil }
        guard case .text(let key) = step else {
            throw SQLError(
                .nullValueNotAllowed, "path element at position \(path.startIndex + 1) is null")
        }
        return key
    }

    /// The document with what is at `path` replaced by what `change` makes of it (nil: deleted).
    private static func changed(
        _ value: JSONValue, _ path: ArraySlice<Value>,
        _ change: (JSONValue?) throws(SQLError) -> JSONValue?
    ) throws(SQLError) -> JSONValue {
        guard let key = try key(of: path) else { return value }
        let rest = path.dropFirst()
        switch value {
        case .object(var pairs):
            let place = pairs.firstIndex { $0.key == key }
            if rest.isEmpty {
                let new = try change(place.map { pairs[$0].value })
                if let place { pairs.remove(at: place) }
                if let new { pairs.append((key, new)) }
                return .object(of: pairs)
            }
            guard let place else { return value }
            pairs[place].value = try changed(pairs[place].value, rest, change)
            return .object(pairs)
        case .array(var list):
            guard let index = Int(String(decoding: key, as: UTF8.self)) else {
                throw SQLError(
                    .invalidTextRepresentation,
                    "path element at position \(path.startIndex + 1) is not an integer: "
                        + "\"\(String(decoding: key, as: UTF8.self))\""
                )
            }
            let place = index < 0 ? list.count + index : index
            let isThere = list.indices.contains(place)
            if rest.isEmpty {
                let new = try change(isThere ? list[place] : nil)
                if isThere {
                    if let new { list[place] = new } else { list.remove(at: place) }
                } else if let new {
                    list.insert(new, at: place < 0 ? 0 : list.count)
                }
                return .array(list)
            }
            guard isThere else { return value }
            list[place] = try changed(list[place], rest, change)
            return .array(list)
        default: throw SQLError(.invalidParameterValue, "cannot set path in scalar")
        }
    }

    private static func stripped(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let pairs):
            .object(
                pairs.filter { $0.value != .null }.map { (key: $0.key, value: stripped($0.value)) })
        case .array(let list): .array(list.map(stripped))
        default: value
        }
    }

    private static func inserted(
        _ value: JSONValue, _ path: ArraySlice<Value>, _ new: JSONValue, after: Bool
    ) throws(SQLError) -> JSONValue {
        guard path.count > 1 || { if case .array = value { true } else { false } }() else {
            return try changed(value, path) { (old) throws(SQLError) in
                if old != nil {
                    throw SQLError(
                        .invalidParameterValue, "cannot replace existing key",
                        hint: "Try using the function jsonb_set to replace key value.")
                }
                return new
            }
        }
        if case .array(var list) = value, path.count == 1, let step = path.first,
            case .text(let key) = step, let index = Int(String(decoding: key, as: UTF8.self))
        {
            var place = index < 0 ? list.count + index : index
            if after { place += 1 }
            list.insert(new, at: max(0, min(place, list.count)))
            return .array(list)
        }
        guard let key = try key(of: path) else { return value }
        switch value {
        case .object(var pairs):
            guard let place = pairs.firstIndex(where: { $0.key == key }) else { return value }
            pairs[place].value = try inserted(
                pairs[place].value, path.dropFirst(), new, after: after)
            return .object(pairs)
        case .array(var list):
            guard let index = Int(String(decoding: key, as: UTF8.self)) else { return value }
            let place = index < 0 ? list.count + index : index
            guard list.indices.contains(place) else { return value }
            list[place] = try inserted(list[place], path.dropFirst(), new, after: after)
            return .array(list)
        default: return value
        }
    }

    /// jsonb_set_lax: what is done with a new value that is NULL is said by its name.
    private static func setLeniently(_ c: [Column], _ row: Int, creates: Bool) throws(SQLError)
        -> JSONValue?
    {
        let treatment = c[4].isNull(row) ? "" : String(decoding: c[4].textBytes(row), as: UTF8.self)
        let (document, place) = (try json(c[0], row), path(c[1], row)[...])
        if !c[2].isNull(row), !c[4].isNull(row) {
            let new = try json(c[2], row)
            return try changed(document, place) { $0 == nil && !creates ? nil : new }
        }
        switch treatment {
        case "raise_exception":
            throw SQLError(.nullValueNotAllowed, "JSON value must not be null")
        case "use_json_null":
            return try changed(document, place) { $0 == nil && !creates ? nil : .null }
        case "delete_key": return try changed(document, place) { _ in nil }
        case "return_target": return document
        default:
            throw SQLError(
                .invalidParameterValue,
                "null_value_treatment must be \"delete_key\", \"return_target\", "
                    + "\"use_json_null\", or \"raise_exception\"")
        }
    }

    private static var changing: [ScalarFunction] {
        @Sendable func flag(_ c: [Column], _ index: Int, _ row: Int) -> Bool {
            c[index].bools.cells[row] != 0
        }
        let change: [DataType] = [.jsonb, textArray, .jsonb, .boolean]
        return [
            documents("||", [.jsonb, .jsonb], .jsonb) { (c, row) throws(SQLError) in
                try joined(try json(c[0], row), try json(c[1], row))
            },
            documents("-", [.jsonb, .text], .jsonb) { (c, row) throws(SQLError) in
                try without(try json(c[0], row), c[1].textBytes(row))
            },
            documents("-", [.jsonb, textArray], .jsonb) { (c, row) throws(SQLError) in
                var value = try json(c[0], row)
                for key in path(c[1], row) {
                    if case .text(let bytes) = key { value = try without(value, bytes) }
                }
                return value
            },
            documents("-", [.jsonb, .int4], .jsonb) { (c, row) throws(SQLError) in
                try without(try json(c[0], row), at: index(c[1], row))
            },
            documents("#-", [.jsonb, textArray], .jsonb) { (c, row) throws(SQLError) in
                try changed(try json(c[0], row), path(c[1], row)[...]) { _ in nil }
            },
            documents("jsonb_strip_nulls", [.jsonb], .jsonb) { (c, row) throws(SQLError) in
                stripped(try json(c[0], row))
            },
            documents("jsonb_set", change, .jsonb) { (c, row) throws(SQLError) in
                let (new, creates) = (try json(c[2], row), flag(c, 3, row))
                return try changed(try json(c[0], row), path(c[1], row)[...]) { old in
                    old == nil && !creates ? nil : new
                }
            },
            ScalarFunction(
                "jsonb_set_lax", change + [.text], .jsonb, strict: false, canFail: true
            ) { e, c in
                RowKernels.texts(e, c, strict: false) { (row) throws(SQLError) in
                    if [0, 1, 3].contains(where: { c[$0].isNull(row) }) { return nil }
                    return try setLeniently(c, row, creates: flag(c, 3, row))?.canonical
                }
            },
            documents("jsonb_insert", change, .jsonb) { (c, row) throws(SQLError) in
                try inserted(
                    try json(c[0], row), path(c[1], row)[...], try json(c[2], row),
                    after: flag(c, 3, row))
            },
        ]
    }

    // MARK: - Asking

    private static func kind(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    private static var asking: [ScalarFunction] {
        [
            texts("jsonb_typeof", [.jsonb]) { (c, row) throws(SQLError) in
                Array(kind(try json(c[0], row)).utf8)
            },
            ScalarFunction("jsonb_array_length", [.jsonb], .int4, canFail: true) { e, c in
                RowKernels.ints(e, c) { (row) throws(SQLError) in
                    switch try json(c[0], row) {
                    case .array(let list): return Int64(list.count)
                    case .object:
                        throw SQLError(
                            .invalidParameterValue, "cannot get array length of a non-array")
                    default:
                        throw SQLError(
                            .invalidParameterValue, "cannot get array length of a scalar")
                    }
                }
            },
        ]
    }

    private static func pretty(_ value: JSONValue, _ indent: Int, to output: inout [UInt8]) {
        let inner = [UInt8](repeating: 32, count: (indent + 1) * 4)
        let outer = [UInt8](repeating: 32, count: indent * 4)
        switch value {
        case .array(let list):
            output += Array("[\n".utf8)
            for (index, item) in list.enumerated() {
                if index > 0 { output += Array(",\n".utf8) }
                output += inner
                pretty(item, indent + 1, to: &output)
            }
            if !list.isEmpty { output.append(10) }
            output += outer + Array("]".utf8)
        case .object(let pairs):
            output += Array("{\n".utf8)
            for (index, pair) in pairs.enumerated() {
                if index > 0 { output += Array(",\n".utf8) }
                output += inner
                JSONText.append(string: pair.key, to: &output)
                output += Array(": ".utf8)
                pretty(pair.value, indent + 1, to: &output)
            }
            if !pairs.isEmpty { output.append(10) }
            output += outer + Array("}".utf8)
        default: output += value.canonical
        }
    }

    private static var text: [ScalarFunction] {
        [
            texts("jsonb_pretty", [.jsonb]) { (c, row) throws(SQLError) in
                var output: [UInt8] = []
                pretty(try json(c[0], row), 0, to: &output)
                return output
            }
        ]
    }

    /// Any value as JSON (to_jsonb).
    package static func value(_ value: Value, _ type: DataType) throws(SQLError) -> JSONValue {
        switch value {
        case .null: return .null
        case .bool(let bool): return .bool(bool)
        case .numeric(let number) where number.isFinite: return .number(number)
        case .int(let int) where [.int2, .int4, .int8].contains(type.kind):
            return .number(Numeric(int))
        case .double(let double) where double.isFinite:
            let text = TextEncoding.text(value, type) ?? []
            if let number = try Numeric.parse(text) { return .number(number) }
            return .number(try Numeric(double))
        default: break
        }
        switch type.kind {
        case .json, .jsonb:
            if case .text(let bytes) = value { return try JSONText.parse(bytes) }
        case .array:
            guard case .text(let bytes) = value else { break }
            return try list(ArrayValue(decoding: bytes, type.element), type.elementType)
        case .timestamp, .timestamptz:
            var text = TextEncoding.text(value, type) ?? []
            if let space = text.firstIndex(of: 32) { text[space] = 84 }
            if type.kind == .timestamptz,
                let sign = text.lastIndex(where: { $0 == 43 || $0 == 45 }),
                text.count - sign == 3
            {
                text += Array(":00".utf8)
            }
            return .string(text)
        default: break
        }
        return .string(TextEncoding.text(value, type) ?? [])
    }

    private static func list(_ array: ArrayValue, _ element: DataType) throws(SQLError) -> JSONValue
    {
        var next = 0
        func dimension(_ depth: Int) throws(SQLError) -> JSONValue {
            var items: [JSONValue] = []
            for _ in 0..<array.dimensions[depth] {
                if depth + 1 < array.dimensions.count {
                    items.append(try dimension(depth + 1))
                } else {
                    items.append(try value(array.elements[next], element))
                    next += 1
                }
            }
            return .array(items)
        }
        return array.dimensions.isEmpty ? .array([]) : try dimension(0)
    }
}
