/// A SQL type with its modifier.
@usableFromInline
package struct DataType: Hashable, Sendable {
    /// The types that values can have; `unknown` is a literal's type before it is resolved.
    package enum Kind: UInt8, Sendable, CaseIterable {
        case boolean, int2, int4, int8, float8, numeric, text, timestamp, interval
        case unknown, void, oid, name, char, regclass, varchar, regproc, regtype, int2vector
        case float4, bytea, date, time, timestamptz, uuid, json, jsonb, bpchar, array
        /// Values are those of an array of oid, counted from 0; only their text is another. An
        /// int2vector is the same over int2.
        case oidvector
        case regnamespace, regrole
    }

    package let kind: Kind
    /// Of an array: the type of its elements.
    package let element: Kind
    /// PostgreSQL's atttypmod: -1 when there is none. For numeric: ((precision << 16) | scale) + 4;
    /// for varchar and char: the length + 4; for times: the digits of their seconds; for intervals:
    /// `IntervalFields`.
    package let modifier: Int32
    /// How a session writes and reads the type's text; the default where it does not matter.
    package let style: TextStyle

    package init(
        _ kind: Kind, modifier: Int32 = -1, element: Kind = .unknown, style: TextStyle = .init()
    ) {
        self.kind = kind
        self.modifier = modifier
        self.element = element
        self.style = style
    }

    /// Arrays of `element`.
    package static func array(of element: Kind, modifier: Int32 = -1) -> DataType {
        DataType(.array, modifier: modifier, element: element)
    }

    /// The type of an array's elements.
    package var elementType: DataType { DataType(element, modifier: modifier, style: style) }

    /// The type as the session has it: with as much of the style as concerns it, so that types which
    /// it does not concern stay equal.
    package func styled(_ session: TextStyle) -> DataType {
        var style = TextStyle()
        switch kind == .array ? element : kind {
        case .timestamptz:
            style.zone = session.zone
            style.dateOrder = session.dateOrder
        case .date, .timestamp, .time: style.dateOrder = session.dateOrder
        case .interval: style.intervalStyle = session.intervalStyle
        case .float4, .float8: style.floatDigits = session.floatDigits
        case .bytea: style.escapesBytes = session.escapesBytes
        default: return self
        }
        return DataType(kind, modifier: modifier, element: element, style: style)
    }

    package static let boolean = DataType(.boolean)
    package static let int2 = DataType(.int2)
    package static let int4 = DataType(.int4)
    package static let int8 = DataType(.int8)
    package static let float8 = DataType(.float8)
    package static let numeric = DataType(.numeric)
    package static let text = DataType(.text)
    package static let timestamp = DataType(.timestamp)
    package static let interval = DataType(.interval)
    package static let unknown = DataType(.unknown)
    package static let void = DataType(.void)
    package static let oid = DataType(.oid)
    package static let name = DataType(.name)
    package static let char = DataType(.char)
    package static let bytea = DataType(.bytea)
    package static let float4 = DataType(.float4)
    package static let date = DataType(.date)
    package static let time = DataType(.time)
    package static let timestamptz = DataType(.timestamptz)
    package static let uuid = DataType(.uuid)
    package static let json = DataType(.json)
    package static let jsonb = DataType(.jsonb)
    package static let varchar = DataType(.varchar)
    package static let bpchar = DataType(.bpchar)
    package static let oidvector = DataType(.oidvector)

    /// The scale of a numeric's modifier, -1000 to 1000: eleven bits with a sign.
    package static func scale(ofModifier modifier: Int32) -> Int {
        let bits = Int(modifier - 4) & 0x7FF
        return bits >= 1024 ? bits - 2048 : bits
    }

    /// How the values of a type lie in memory.
    @frozen @usableFromInline
    package enum Physical: UInt8, Sendable {
        case int64, double, bool, text, numeric, interval
        /// Text whose equality and order are jsonb's.
        case json
    }

    package var physical: Physical {
        switch kind {
        case .int2, .int4, .int8, .timestamp, .oid, .regclass, .regproc, .regtype, .date, .time,
            .timestamptz, .regnamespace, .regrole:
            .int64
        case .float8, .float4: .double
        case .boolean: .bool
        case .numeric: .numeric
        case .interval: .interval
        case .text, .unknown, .void, .name, .char, .varchar, .int2vector, .bytea, .uuid, .json,
            .bpchar, .array, .oidvector:
            .text
        case .jsonb: .json
        }
    }

    /// PostgreSQL's own object identifier; every driver hard-codes these.
    package var oid: Int32 {
        switch kind {
        case .boolean: 16
        case .bytea: 17
        case .char: 18
        case .name: 19
        case .int8: 20
        case .int2: 21
        case .int2vector: 22
        case .int4: 23
        case .regproc: 24
        case .text: 25
        case .oid: 26
        case .oidvector: 30
        case .float4: 700
        case .float8: 701
        case .unknown: 705
        case .date: 1082
        case .time: 1083
        case .timestamptz: 1184
        case .uuid: 2950
        case .json: 114
        case .jsonb: 3802
        case .bpchar: 1042
        case .array: arrayOID
        case .varchar: 1043
        case .timestamp: 1114
        case .interval: 1186
        case .numeric: 1700
        case .regclass: 2205
        case .regtype: 2206
        case .void: 2278
        case .regnamespace: 4089
        case .regrole: 4096
        }
    }

    /// pg_type.typarray of the element.
    private var arrayOID: Int32 {
        switch element {
        case .boolean: 1000
        case .bytea: 1001
        case .char: 1002
        case .name: 1003
        case .int8: 1016
        case .int2: 1005
        case .int4: 1007
        case .oid: 1028
        case .float4: 1021
        case .float8: 1022
        case .varchar: 1015
        case .bpchar: 1014
        case .timestamp: 1115
        case .timestamptz: 1185
        case .date: 1182
        case .time: 1183
        case .interval: 1187
        case .numeric: 1231
        case .uuid: 2951
        case .json: 199
        case .jsonb: 3807
        case .regproc: 1008
        case .regclass: 2210
        case .regtype: 2211
        case .regnamespace: 4090
        case .regrole: 4097
        case .int2vector: 1006
        case .oidvector: 1013
        default: 1009
        }
    }

    /// Types that arrays can have elements of.
    package static let elementKinds: [Kind] = [
        .boolean, .int2, .int4, .int8, .float4, .float8, .numeric, .text, .varchar, .bpchar,
        .timestamp, .timestamptz, .date, .time, .interval, .bytea, .uuid, .json, .jsonb, .oid,
        .name, .char, .regproc, .regclass, .regtype, .regnamespace, .regrole,
    ]

    /// The types whose values are identifiers that are shown as names.
    package static let nameKinds: [Kind] = [.regproc, .regclass, .regtype, .regnamespace, .regrole]

    /// Whether its values, or its elements, are identifiers that are shown as names.
    package var showsNames: Bool { DataType.nameKinds.contains(kind == .array ? element : kind) }

    /// Of int2vector and oidvector: the array that their values are; nil of other types.
    package var vectorArray: DataType? {
        switch kind {
        case .oidvector: .array(of: .oid)
        case .int2vector: .array(of: .int2)
        default: nil
        }
    }

    /// pg_type.typlen: bytes of a fixed-width value, -1 for a variable one, -2 for a C string.
    package var wireLength: Int16 {
        switch kind {
        case .boolean, .char: 1
        case .int2: 2
        case .int4, .oid, .regclass, .regproc, .regtype, .regnamespace, .regrole, .void, .float4: 4
        case .int8, .float8, .timestamp, .timestamptz, .time: 8
        case .date: 4
        case .uuid: 16
        case .interval: 16
        case .name: 64
        case .unknown: -2
        case .text, .varchar, .numeric, .int2vector, .bytea, .json, .jsonb, .bpchar, .array,
            .oidvector:
            -1
        }
    }

    /// The name as PostgreSQL's messages and format_type() write it.
    package var name: String {
        switch kind {
        case .boolean: return "boolean"
        case .int2: return "smallint"
        case .int4: return "integer"
        case .int8: return "bigint"
        case .float4: return "real"
        case .float8: return "double precision"
        case .numeric:
            guard modifier >= 4 else { return "numeric" }
            return "numeric(\((modifier - 4) >> 16),\(DataType.scale(ofModifier: modifier)))"
        case .text: return "text"
        case .timestamp: return "timestamp\(digits) without time zone"
        case .interval: return "interval" + IntervalFields(modifier: modifier).suffix
        case .unknown: return "unknown"
        case .void: return "void"
        case .oid: return "oid"
        case .name: return "name"
        case .char: return "\"char\""
        case .regclass: return "regclass"
        case .regproc: return "regproc"
        case .regtype: return "regtype"
        case .regnamespace: return "regnamespace"
        case .regrole: return "regrole"
        case .varchar:
            return modifier >= 4 ? "character varying(\(modifier - 4))" : "character varying"
        case .bpchar: return modifier >= 4 ? "character(\(modifier - 4))" : "character"
        case .date: return "date"
        case .time: return "time\(digits) without time zone"
        case .timestamptz: return "timestamp\(digits) with time zone"
        case .uuid: return "uuid"
        case .json: return "json"
        case .jsonb: return "jsonb"
        case .array: return elementType.name + "[]"
        case .int2vector: return "int2vector"
        case .oidvector: return "oidvector"
        case .bytea: return "bytea"
        }
    }

    /// Of a time: how many digits its seconds have, as its name says it.
    private var digits: String { modifier >= 0 ? "(\(modifier))" : "" }

    /// pg_type.typname.
    package var catalogName: String {
        switch kind {
        case .boolean: "bool"
        case .int2: "int2"
        case .int4: "int4"
        case .int8: "int8"
        case .float4: "float4"
        case .float8: "float8"
        case .timestamp: "timestamp"
        case .char: "char"
        case .varchar: "varchar"
        case .time: "time"
        case .timestamptz: "timestamptz"
        case .bpchar: "bpchar"
        case .array: "_" + elementType.catalogName
        case .date, .uuid, .json, .jsonb, .numeric, .text, .interval, .unknown, .void, .oid, .name,
            .regclass, .regproc,
            .regtype, .regnamespace, .regrole,
            .int2vector, .oidvector, .bytea:
            DataType(kind).name
        }
    }

    /// The type without its modifier.
    package var base: DataType { DataType(kind, element: element) }

    package var isNumber: Bool {
        switch kind {
        case .int2, .int4, .int8, .float4, .float8, .numeric, .oid: true
        default: false
        }
    }

    package var isInteger: Bool { kind == .int2 || kind == .int4 || kind == .int8 }

    package var isString: Bool {
        switch kind {
        case .text, .varchar, .name, .char, .unknown, .bpchar: true
        default: false
        }
    }

    /// The type a SQL name stands for, lower case; nil when there is none such.
    package static func named(_ name: String) -> DataType? {
        if name.hasPrefix("_"), let element = named(String(name.dropFirst())) {
            return array(of: element.kind)
        }
        return byName[name]
    }

    private static let byName: [String: DataType] = [
        "bool": .boolean, "boolean": .boolean, "int2": .int2, "smallint": .int2, "int4": .int4,
        "int": .int4, "integer": .int4, "int8": .int8, "bigint": .int8, "float8": .float8,
        "float": .float8, "double precision": .float8, "double": .float8, "real": .float4,
        "float4": .float4, "numeric": .numeric, "decimal": .numeric, "dec": .numeric,
        "text": .text, "string": .text, "varchar": .varchar, "character varying": .varchar,
        "char": .bpchar, "\"char\"": .char, "character": .bpchar, "bpchar": .bpchar,
        "bytea": .bytea,
        "timestamp": .timestamp, "timestamp without time zone": .timestamp,
        "timestamptz": .timestamptz, "timestamp with time zone": .timestamptz, "date": .date,
        "time": .time, "time without time zone": .time, "interval": .interval, "uuid": .uuid,
        "json": .json, "jsonb": .jsonb, "oid": .oid, "name": .name,
        "regclass": DataType(.regclass), "regproc": DataType(.regproc),
        "regtype": DataType(.regtype), "regnamespace": DataType(.regnamespace),
        "regrole": DataType(.regrole), "unknown": .unknown, "oidvector": .oidvector,
        "int2vector": DataType(.int2vector),
    ]

    private static let byOID: [Int32: DataType] = {
        var types: [Int32: DataType] = [:]
        for kind in Kind.allCases where kind != .array {
            types[DataType(kind).oid] = DataType(kind)
        }
        for kind in elementKinds { types[array(of: kind).oid] = array(of: kind) }
        return types
    }()

    /// The type with this PostgreSQL identifier; nil when we do not have it.
    package static func withOID(_ oid: Int32) -> DataType? { byOID[oid] }

    /// Every type that a column can have.
    package static var all: [DataType] { byOID.values.sorted { $0.oid < $1.oid } }
}
