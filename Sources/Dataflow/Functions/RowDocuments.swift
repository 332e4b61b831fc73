package import Types

extension JSONFunctions {
    /// The columns of a row as one document, under their names: row_to_json and its kin.
    package static func document(_ fields: [Field], as result: DataType) -> ScalarFunction {
        let types = fields.map(\.type)
        let keys = fields.map { Array($0.name.utf8) }
        // By its name functions are told apart.
        let members = keys.map { String(decoding: JSONValue.string($0).canonical, as: UTF8.self) }
        let name = "row_document{\(members.joined(separator: ","))}"
        return ScalarFunction(name, types, result, strict: false, canFail: true) { e, c in
            RowKernels.texts(e, c, strict: false) { (row) throws(SQLError) in
                if result.kind == .jsonb {
                    var pairs: [(key: [UInt8], value: JSONValue)] = []
                    for (index, key) in keys.enumerated() {
                        pairs.append((key, try value(c[index].value(row), types[index])))
                    }
                    return JSONValue.object(of: pairs).canonical
                }
                var members: [[UInt8]] = []
                for (index, key) in keys.enumerated() {
                    members.append(
                        JSONValue.string(key).canonical + [58]
                            + (try json(c[index].value(row), types[index])))
                }
                return [123] + members.joined(separator: [44]) + [125]
            }
        }
    }
}
