import Types

/// pg_proc, and what stands beside it.
extension SystemCatalog {
    static let functionRelations: [CatalogObject] = [
        relation(1255, "pg_proc", functionColumns) { _ in functionRows },
        relation(
            2612, "pg_language",
            [
                ("oid", .oid), ("lanname", .name), ("lanowner", .oid), ("lanispl", .boolean),
                ("lanpltrusted", .boolean), ("lanplcallfoid", .oid), ("laninline", .oid),
                ("lanvalidator", .oid), ("lanacl", .array(of: .text)),
            ]
        ) { _ in
            [
                [
                    .int(internalLanguage), .string("internal"), .int(10), .bool(false),
                    .bool(false), .int(0), .int(0), .int(0), .null,
                ]
            ]
        },
    ]

    private static let internalLanguage: Int64 = 12

    /// PostgreSQL's columns; node trees are text, lists of rights arrays of text.
    private static let functionColumns: [(String, DataType)] = [
        ("oid", .oid), ("proname", .name), ("pronamespace", .oid), ("proowner", .oid),
        ("prolang", .oid), ("procost", .float4), ("prorows", .float4), ("provariadic", .oid),
        ("prosupport", DataType(.regproc)), ("prokind", .char), ("prosecdef", .boolean),
        ("proleakproof", .boolean), ("proisstrict", .boolean), ("proretset", .boolean),
        ("provolatile", .char), ("proparallel", .char), ("pronargs", .int2),
        ("pronargdefaults", .int2), ("prorettype", .oid), ("proargtypes", .oidvector),
        ("proallargtypes", .array(of: .oid)), ("proargmodes", .array(of: .char)),
        ("proargnames", .array(of: .text)), ("proargdefaults", .text),
        ("protrftypes", .array(of: .oid)), ("prosrc", .text), ("probin", .text),
        ("prosqlbody", .text), ("proconfig", .array(of: .text)), ("proacl", .array(of: .text)),
    ]

    private static let functionRows: [[Value]] = FunctionCatalog.entries.map { entry in
        let inputs = entry.signature.arguments
        let all = inputs + entry.signature.outputs
        let modes =
            inputs.map { $0.isVariadic ? "v" : "i" } + entry.signature.outputs.map { _ in "o" }
        let isPlain = modes.allSatisfy { $0 == "i" }
        let isNamed = all.contains { !$0.name.isEmpty }
        let standards = inputs.compactMap(\.standard)
        let variadic = inputs.first(where: \.isVariadic)?.type.element
        return [
            .int(Int64(entry.oid)), .string(entry.name), .int(11), .int(10),
            .int(internalLanguage), .double(1), .double(entry.returnsSet ? 1000 : 0),
            .int(Int64(variadic?.oid ?? 0)), .int(0),
            .string(entry.declaration.kind.rawValue), .bool(false), .bool(false),
            .bool(entry.isStrict), .bool(entry.returnsSet), .string(entry.volatility.rawValue),
            .string("s"), .int(Int64(inputs.count)), .int(Int64(standards.count)),
            .int(Int64(entry.result.oid)),
            .text(
                ArrayValue(vector: inputs.map { .int(Int64($0.type.oid)) }).encoded(.oid)),
            isPlain ? .null : array(all.map { .int(Int64($0.type.oid)) }, .oid),
            isPlain ? .null : array(modes.map { .string($0) }, .char),
            isNamed ? array(all.map { .string($0.name) }, .text) : .null,
            standards.isEmpty ? .null : .string(standards.joined(separator: ", ")), .null,
            .string(entry.name), .null, .null, .null, .null,
        ]
    }

    private static func array(_ values: [Value], _ element: DataType.Kind) -> Value {
        .text(ArrayValue(values).encoded(element))
    }

    /// pg_description's rows of functions.
    static var functionDescriptions: [[Value]] {
        FunctionCatalog.entries.map {
            [.int(Int64($0.oid)), .int(1255), .int(0), .string($0.declaration.description)]
        }
    }

    /// pg_type's rows of types that no column has: the stand-ins of functions' declarations.
    static var standInTypes: [[Value]] {
        SignatureType.standIns.map { type in
            let isTree = type.catalogName == "pg_node_tree"
            let isFixed = [
                "any", "anyelement", "anynonarray", "anycompatible",
            ].contains(type.catalogName)
            return [
                .int(Int64(type.oid)), .string(type.catalogName), .int(11), .int(10),
                .int(isFixed ? 4 : -1),
                .string(isTree ? "b" : "p"), .string(isTree ? "Z" : "P"), .bool(false), .int(0),
                .int(0), .int(0), .int(0), .int(-1), .int(0), .string(","),
            ]
        }
    }
}
