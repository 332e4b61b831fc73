/// A SQL type with its modifier.
@usableFromInline
package struct DataType: Hashable, Sendable {
    /// The types that values can have; `unknown` is a literal's type before it is resolved.
    package enum Kind: UInt8, Sendable, CaseIterable {
        case boolean, int2, int4, int8, float8, numeric, text, timestamp, interval
        case unknown, void, oid, name, char, regclass, varchar, regproc, regtype, int2vector,
            textArray
        case float4, bytea
    }

    package let kind: Kind
    /// PostgreSQL's atttypmod: -1 when there is none. For numeric: ((precision << 16) | scale) + 4.
    package let modifier: Int32

    package init(_ kind: Kind, modifier: Int32 = -1) {
        self.kind = kind
        self.modifier = modifier
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

    /// How the values of a type lie in memory.
    @frozen @usableFromInline
    package enum Physical: UInt8, Sendable {
        case int64, double, bool, text, numeric, interval
    }

    package var physical: Physical {
        switch kind {
        case .int2, .int4, .int8, .timestamp, .oid, .regclass, .regproc, .regtype: .int64
        case .float8, .float4: .double
        case .boolean: .bool
        case .numeric: .numeric
        case .interval: .interval
        case .text, .unknown, .void, .name, .char, .varchar, .int2vector, .textArray, .bytea: .text
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
        case .float4: 700
        case .float8: 701
        case .unknown: 705
        case .textArray: 1009
        case .varchar: 1043
        case .timestamp: 1114
        case .interval: 1186
        case .numeric: 1700
        case .regclass: 2205
        case .regtype: 2206
        case .void: 2278
        }
    }

    /// pg_type.typlen: bytes of a fixed-width value, -1 for a variable one, -2 for a C string.
    package var wireLength: Int16 {
        switch kind {
        case .boolean, .char: 1
        case .int2: 2
        case .int4, .oid, .regclass, .regproc, .regtype, .void, .float4: 4
        case .int8, .float8, .timestamp: 8
        case .interval: 16
        case .name: 64
        case .unknown: -2
        case .text, .varchar, .numeric, .int2vector, .textArray, .bytea: -1
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
            return "numeric(\((modifier - 4) >> 16),\((modifier - 4) & 0xFFFF))"
        case .text: return "text"
        case .timestamp: return "timestamp without time zone"
        case .interval: return "interval"
        case .unknown: return "unknown"
        case .void: return "void"
        case .oid: return "oid"
        case .name: return "name"
        case .char: return "\"char\""
        case .regclass: return "regclass"
        case .regproc: return "regproc"
        case .regtype: return "regtype"
        case .varchar: return "character varying"
        case .int2vector: return "int2vector"
        case .textArray: return "text[]"
        case .bytea: return "bytea"
        }
    }

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
        case .textArray: "_text"
        case .numeric, .text, .interval, .unknown, .void, .oid, .name, .regclass, .regproc,
            .regtype,
            .int2vector, .bytea:
            DataType(kind).name
        }
    }

    /// The type without its modifier.
    package var base: DataType { DataType(kind) }

    package var isNumber: Bool {
        switch kind {
        case .int2, .int4, .int8, .float4, .float8, .numeric, .oid: true
        default: false
        }
    }

    package var isInteger: Bool { kind == .int2 || kind == .int4 || kind == .int8 }

    package var isString: Bool {
        switch kind {
        case .text, .varchar, .name, .char, .unknown: true
        default: false
        }
    }

    /// The type a SQL name stands for, lower case; nil when there is none such.
    package static func named(_ name: String) -> DataType? {
        switch name {
        case "bool", "boolean": .boolean
        case "int2", "smallint": .int2
        case "int4", "int", "integer": .int4
        case "int8", "bigint": .int8
        case "float8", "float", "double precision", "double": .float8
        case "numeric", "decimal", "dec": .numeric
        case "text", "string": .text
        case "timestamp", "timestamp without time zone": .timestamp
        case "interval": .interval
        case "oid": .oid
        case "name": .name
        case "regclass": DataType(.regclass)
        case "regproc": DataType(.regproc)
        case "regtype": DataType(.regtype)
        case "unknown": .unknown
        default: nil
        }
    }

    /// The type with this PostgreSQL identifier; nil when we do not have it.
    package static func withOID(_ oid: Int32) -> DataType? {
        for kind in Kind.allCases where DataType(kind).oid == oid { return DataType(kind) }
        return nil
    }
}
