import Types

/// pg_type, pg_proc and what stands beside them.
extension SystemRelation {
    private static let typeColumns = [
        "oid", "typname", "typlen", "typbyval", "typtype", "typcategory", "typispreferred",
        "typelem", "typarray", "typalign", "typstorage", "typcollation", "typinput", "typoutput",
        "typreceive", "typsend", "typmodin", "typmodout", "typanalyze", "typsubscript",
    ]

    /// pg_type's rows by the names of their columns: `TypeFacts.types`, then their arrays.
    static let typeFacts: [Row] = {
        var rows: [Row] = []
        for line in TypeFacts.types.split(separator: "\n") {
            rows.append(typeRow(line.split(separator: " ").map(String.init)))
        }
        for line in TypeFacts.arrays.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 4 else { continue }
            var row = typeRow(
                [
                    words[1], words[2], "-1", "f", "b", "A", "f", words[0], "0", words[3], "x", "0",
                    "array_in", "array_out", "array_recv", "array_send", "-", "-",
                    "array_typanalyze", "array_subscript_handler",
                ])
            let element = rows.first { $0["oid"] == Int64(words[0]).map { .int($0) } }
            for name in ["typcollation", "typmodin", "typmodout"] { row[name] = element?[name] }
            rows.append(row)
        }
        return rows
    }()

    private static func typeRow(_ words: [String]) -> Row {
        var row: Row = [
            "typnamespace": .int(11), "typowner": .int(SystemReading.ownerOID),
            "typisdefined": .bool(true), "typdelim": .string(","), "typtypmod": .int(-1),
        ]
        for (name, word) in zip(typeColumns, words) {
            switch name {
            case "oid", "typlen", "typelem", "typarray", "typcollation":
                row[name] = .int(Int64(word) ?? 0)
            case "typbyval", "typispreferred": row[name] = .bool(word == "t")
            case "typname", "typtype", "typcategory", "typalign", "typstorage":
                row[name] = .string(word)
            default: row[name] = .int(TypeFacts.supportOIDs[word] ?? 0)
            }
        }
        return row
    }

    static let typeRows: [[Value]] = rows(of: "pg_type", typeFacts)

    private static func rows(of name: String, _ rows: [Row]) -> [[Value]] {
        guard let relation = all.first(where: { $0.name == name }) else { return [] }
        return rows.map(Layout(relation).values)
    }

    // MARK: - Operator classes

    private static func lines(_ text: String) -> [[String]] {
        text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    }

    private static func number(_ text: String) -> Value { .int(Int64(text) ?? 0) }

    static let operatorClasses: [Row] = lines(TypeFacts.operatorClasses).map { words in
        [
            "oid": number(words[0]), "opcmethod": .int(403), "opcname": .string(words[1]),
            "opcnamespace": .int(11), "opcowner": .int(SystemReading.ownerOID),
            "opcintype": number(words[2]), "opcfamily": number(words[3]),
            "opcdefault": .bool(words[4] == "t"), "opckeytype": number(words[5]),
        ]
    }

    static let operatorFamilies: [Row] = lines(TypeFacts.operatorFamilies).map { words in
        [
            "oid": number(words[0]), "opfmethod": .int(403), "opfname": .string(words[1]),
            "opfnamespace": .int(11), "opfowner": .int(SystemReading.ownerOID),
        ]
    }

    static let accessMethods: [Row] = [
        [
            "oid": .int(2), "amname": .string("heap"), "amtype": .string("t"),
            "amhandler": .int(TypeFacts.supportOIDs["heap_tableam_handler"] ?? 0),
        ],
        [
            "oid": .int(403), "amname": .string("btree"), "amtype": .string("i"),
            "amhandler": .int(TypeFacts.supportOIDs["bthandler"] ?? 0),
        ],
    ]

    /// All texts are compared by their bytes.
    static let collations: [Row] = [(100, "default", "d"), (950, "C", "c"), (951, "POSIX", "c")]
        .map { oid, name, provider in
            [
                "oid": .int(oid), "collname": .string(name), "collnamespace": .int(11),
                "collowner": .int(SystemReading.ownerOID), "collprovider": .string(provider),
                "collisdeterministic": .bool(true), "collencoding": .int(-1),
                "collcollate": provider == "d" ? .null : .string(name),
                "collctype": provider == "d" ? .null : .string(name),
            ]
        }

    // MARK: - Functions

    static let internalLanguage: Int64 = 12

    static let languages: [Row] = [
        [
            "oid": .int(internalLanguage), "lanname": .string("internal"),
            "lanowner": .int(SystemReading.ownerOID), "lanpltrusted": .bool(false),
        ]
    ]

    /// pg_proc's rows of what SQL can call, and of what types work by.
    static let functionRows: [[Value]] = rows(of: "pg_proc", functions + supportFunctions)

    private static let functions: [Row] = FunctionCatalog.entries.map { entry in
        let inputs = entry.signature.arguments
        let all = inputs + entry.signature.outputs
        let modes =
            inputs.map { $0.isVariadic ? "v" : "i" } + entry.signature.outputs.map { _ in "o" }
        let isPlain = modes.allSatisfy { $0 == "i" }
        let standards = inputs.compactMap(\.standard)
        var row = functionRow(entry.oid, entry.name)
        row["prorows"] = .double(entry.returnsSet ? 1000 : 0)
        row["provariadic"] = oid(inputs.first(where: \.isVariadic)?.type.element?.oid ?? 0)
        row["prokind"] = .string(entry.declaration.kind.rawValue)
        row["proisstrict"] = .bool(entry.isStrict)
        row["proretset"] = .bool(entry.returnsSet)
        row["provolatile"] = .string(entry.volatility.rawValue)
        row["pronargs"] = int(inputs.count)
        row["pronargdefaults"] = int(standards.count)
        row["prorettype"] = oid(entry.result.oid)
        row["proargtypes"] = vector(inputs.map { Int($0.type.oid) }, .oid)
        if !isPlain {
            row["proallargtypes"] = array(all.map { oid($0.type.oid) }, .oid)
            row["proargmodes"] = array(modes.map { .string($0) }, .char)
        }
        if all.contains(where: { !$0.name.isEmpty }) {
            row["proargnames"] = array(all.map { .string($0.name) }, .text)
        }
        if !standards.isEmpty {
            row["proargdefaults"] = .string(standards.joined(separator: ", "))
        }
        return row
    }

    /// Of all of them only the name matters: nobody calls them.
    private static let supportFunctions: [Row] = TypeFacts.supportOIDs.sorted {
        $0.value < $1.value
    }
    .map { name, oid in
        var row = functionRow(Int32(truncatingIfNeeded: oid), name)
        row["prorettype"] = .int(2281)
        row["proargtypes"] = vector([2281], .oid)
        row["pronargs"] = .int(1)
        return row
    }

    private static func functionRow(_ identifier: Int32, _ name: String) -> Row {
        [
            "oid": oid(identifier), "proname": .string(name), "pronamespace": .int(11),
            "proowner": .int(SystemReading.ownerOID), "prolang": .int(internalLanguage),
            "procost": .double(1), "prokind": .string("f"), "proisstrict": .bool(true),
            "provolatile": .string("i"), "proparallel": .string("s"), "prosrc": .string(name),
        ]
    }

    static let functionDescriptions: [Row] =
        FunctionCatalog.entries.map {
            [
                "objoid": oid($0.oid), "classoid": .int(1255),
                "description": .string($0.declaration.description),
            ]
        }
        + TypeFacts.supportOIDs.values.sorted().map {
            ["objoid": .int($0), "classoid": .int(1255), "description": .string("I/O")]
        }
}
