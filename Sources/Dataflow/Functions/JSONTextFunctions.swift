import Types

/// Operators and functions of json: what they give of a document is as it was written.
enum JSONTextFunctions {
    static let all: [ScalarFunction] = access + paths + lists + asking + [strip]

    private enum Step {
        case member([UInt8])
        case element(Int)
        /// A key of objects and a position in arrays.
        case either([UInt8])
    }

    private static func text(_ c: [Column], _ row: Int) -> [UInt8] { c[0].textBytes(row) }

    private static func kernel(
        _ name: String, _ arguments: [DataType], _ result: DataType, variadic: Bool = false,
        _ f: @escaping @Sendable ([Column], Int) throws(SQLError) -> [UInt8]?
    ) -> ScalarFunction {
        ScalarFunction(name, arguments, result, variadic: variadic, canFail: true) { e, c in
            RowKernels.texts(e, c) { (row) throws(SQLError) in try f(c, row) }
        }
    }

    // MARK: - Access

    /// Where a path leads to in the value that comes next; the last of equal keys counts.
    private static func find(_ scanner: inout JSONScanner, _ path: ArraySlice<Step>)
        throws(SQLError) -> Range<Int>?
    {
        guard let step = path.first else { return try scanner.value() }
        var found: Range<Int>?
        switch (try scanner.start(), step) {
        case (123, .member(let wanted)), (123, .either(let wanted)):
            try scanner.members { (s, key) throws(SQLError) in
                guard try s.decoded(key) == wanted else {
                    _ = try s.value()
                    return
                }
                found = try find(&s, path.dropFirst()) ?? found
            }
        case (91, .element(let index)):
            found = try find(&scanner, index, path.dropFirst())
        case (91, .either(let text)):
            guard let index = Int(String(decoding: text, as: UTF8.self)) else {
                _ = try scanner.value()
                return nil
            }
            found = try find(&scanner, index, path.dropFirst())
        default: _ = try scanner.value()
        }
        return found
    }

    /// Where a path leads to in the element of the array that comes next; from the end when negative.
    private static func find(
        _ scanner: inout JSONScanner, _ index: Int, _ rest: ArraySlice<Step>
    ) throws(SQLError) -> Range<Int>? {
        var place = index
        if place < 0 {
            var ahead = scanner
            try ahead.elements { (s) throws(SQLError) in
                _ = try s.value()
                place += 1
            }
            if place < 0 { place = Int.max }
        }
        var (found, at): (Range<Int>?, Int) = (nil, 0)
        try scanner.elements { (s) throws(SQLError) in
            if at == place { found = try find(&s, rest) } else { _ = try s.value() }
            at += 1
        }
        return found
    }

    /// A value as text: strings without their quotes, nil for null.
    private static func plain(_ scanner: JSONScanner, _ range: Range<Int>) throws(SQLError)
        -> [UInt8]?
    {
        switch scanner.text[range.lowerBound] {
        case 34: try scanner.decoded(range)
        case 110: nil
        default: Array(scanner.text[range])
        }
    }

    private static func value(_ document: [UInt8], _ path: [Step], asText: Bool) throws(SQLError)
        -> [UInt8]?
    {
        var scanner = JSONScanner(document, decodes: true)
        guard var range = try find(&scanner, path[...]) else { return nil }
        let first = document[range.lowerBound]
        if path.isEmpty, first != 123, first != 91, !asText || (first != 34 && first != 110) {
            // A document without parts keeps the blanks in front of it.
            range = 0..<range.upperBound
            return Array(document[range])
        }
        return asText ? try plain(scanner, range) : Array(document[range])
    }

    private static var access: [ScalarFunction] {
        [("->", DataType.json, false), ("->>", DataType.text, true)].flatMap {
            (name, result, asText) in
            [
                kernel(name, [.json, .text], result) { (c, row) throws(SQLError) in
                    try value(text(c, row), [.member(c[1].textBytes(row))], asText: asText)
                },
                kernel(name, [.json, .int4], result) { (c, row) throws(SQLError) in
                    let index = Int(c[1].int64s.cells[row])
                    return try value(text(c, row), [.element(index)], asText: asText)
                },
            ]
        }
    }

    /// The steps of a path; nil when one is NULL, which leads to nothing.
    private static func steps(_ values: [Value]) -> [Step]? {
        var path: [Step] = []
        for value in values {
            guard case .text(let bytes) = value else { return nil }
            path.append(.either(bytes))
        }
        return path
    }

    private static var paths: [ScalarFunction] {
        [("", DataType.json, false), ("_text", DataType.text, true)].flatMap {
            (suffix, result, asText) in
            [
                kernel(asText ? "#>>" : "#>", [.json, .array(of: .text)], result) {
                    (c, row) throws(SQLError) in
                    guard let path = steps(JSONFunctions.path(c[1], row)) else { return nil }
                    return try value(text(c, row), path, asText: asText)
                },
                kernel("json_extract_path" + suffix, [.json, .text], result, variadic: true) {
                    (c, row) throws(SQLError) in
                    guard let path = steps(c.dropFirst().map { $0.value(row) }) else { return nil }
                    return try value(text(c, row), path, asText: asText)
                },
            ]
        }
    }

    // MARK: - Lists

    private static func refused(_ message: String) -> SQLError {
        SQLError(.invalidParameterValue, message)
    }

    private static func list(
        _ name: String, _ element: DataType.Kind,
        _ f: @escaping @Sendable (inout JSONScanner, inout [Value]) throws(SQLError) -> Void
    ) -> ScalarFunction {
        kernel(name + "@array", [.json], .array(of: element)) { (c, row) throws(SQLError) in
            var scanner = JSONScanner(text(c, row), decodes: true)
            var values: [Value] = []
            try f(&scanner, &values)
            return ArrayValue(values).encoded(element)
        }
    }

    private static func item(_ scanner: inout JSONScanner, asText: Bool) throws(SQLError) -> Value {
        let range = try scanner.value()
        guard asText else { return .text(Array(scanner.text[range])) }
        return try plain(scanner, range).map { .text($0) } ?? .null
    }

    /// What functions that give rows take them from.
    private static var lists: [ScalarFunction] {
        let kinds: [(suffix: String, type: DataType.Kind)] = [("", .json), ("_text", .text)]
        return kinds.flatMap { (suffix, type) in
            let (elements, each) = ("json_array_elements" + suffix, "json_each" + suffix)
            return [
                list(elements, type) { (scanner, values) throws(SQLError) in
                    let first = try scanner.start()
                    guard first == 91 else {
                        let what = first == 123 ? "non-array" : "scalar"
                        throw refused("cannot call \(elements) on a \(what)")
                    }
                    try scanner.elements { (s) throws(SQLError) in
                        values.append(try item(&s, asText: type == .text))
                    }
                },
                list(each, type) { (scanner, values) throws(SQLError) in
                    let first = try scanner.start()
                    guard first == 123 else {
                        throw refused(
                            first == 91
                                ? "cannot deconstruct an array as an object"
                                : "cannot deconstruct a scalar")
                    }
                    try scanner.members { (s, _) throws(SQLError) in
                        values.append(try item(&s, asText: type == .text))
                    }
                },
            ]
        } + [
            list("json_object_keys", .text) { (scanner, values) throws(SQLError) in
                let first = try scanner.start()
                guard first == 123 else {
                    let what = first == 91 ? "an array" : "a scalar"
                    throw refused("cannot call json_object_keys on \(what)")
                }
                try scanner.members { (s, key) throws(SQLError) in
                    values.append(.text(try s.decoded(key)))
                    _ = try s.value()
                }
            }
        ]
    }

    // MARK: - Asking

    private static func kind(_ first: UInt8) -> String {
        switch first {
        case 123: "object"
        case 91: "array"
        case 34: "string"
        case 116, 102: "boolean"
        case 110: "null"
        default: "number"
        }
    }

    private static var asking: [ScalarFunction] {
        [
            kernel("json_typeof", [.json], .text) { (c, row) throws(SQLError) in
                var scanner = JSONScanner(text(c, row), decodes: false)
                return Array(kind(try scanner.start()).utf8)
            },
            ScalarFunction("json_array_length", [.json], .int4, canFail: true) { e, c in
                RowKernels.ints(e, c) { (row) throws(SQLError) in
                    var scanner = JSONScanner(text(c, row), decodes: false)
                    let first = try scanner.start()
                    guard first == 91 else {
                        throw refused(
                            "cannot get array length of a \(first == 123 ? "non-array" : "scalar")")
                    }
                    var count: Int64 = 0
                    try scanner.elements { (s) throws(SQLError) in
                        _ = try s.value()
                        count += 1
                    }
                    return count
                }
            },
        ]
    }

    // MARK: - Changing

    /// Without the members that are null and without blanks; strings are written anew.
    private static func strip(_ scanner: inout JSONScanner, to output: inout [UInt8])
        throws(SQLError)
    {
        var isFirst = true
        switch try scanner.start() {
        case 123:
            output.append(123)
            try scanner.members { (s, key) throws(SQLError) in
                if try s.start() == 110 {
                    _ = try s.value()
                    return
                }
                if !isFirst { output.append(44) }
                isFirst = false
                JSONText.append(string: try s.decoded(key), to: &output)
                output.append(58)
                try strip(&s, to: &output)
            }
            output.append(125)
        case 91:
            output.append(91)
            try scanner.elements { (s) throws(SQLError) in
                if !isFirst { output.append(44) }
                isFirst = false
                try strip(&s, to: &output)
            }
            output.append(93)
        case 34:
            let range = try scanner.value()
            JSONText.append(string: try scanner.decoded(range), to: &output)
        default: output += scanner.text[try scanner.value()]
        }
    }

    private static var strip: ScalarFunction {
        kernel("json_strip_nulls", [.json], .json) { (c, row) throws(SQLError) in
            var scanner = JSONScanner(text(c, row), decodes: true)
            var output: [UInt8] = []
            try strip(&scanner, to: &output)
            return output
        }
    }
}
