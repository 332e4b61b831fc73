package import Types

/// Conversions between types. A cast goes by the name `cast` with (from) and the target as result.
package enum CastFunctions {
    /// Not for lookup by name: `function(from:to:)` finds casts.
    static let all: [ScalarFunction] = []

    /// How freely a cast applies: PostgreSQL's pg_cast.castcontext.
    package enum Context: Int, Comparable, Sendable {
        case implicit, assignment, explicit

        package static func < (left: Context, right: Context) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    /// The least explicit context in which `from` becomes `to`; nil when there is no such cast.
    package static func context(from: DataType, to: DataType) -> Context? {
        if from.kind == to.kind || from.kind == .unknown { return .implicit }
        let order: [DataType.Kind: Int] = [.int2: 0, .int4: 1, .int8: 2, .numeric: 3, .float8: 5]
        if let a = order[from.kind], let b = order[to.kind] {
            return a < b ? .implicit : .assignment
        }
        switch (from.kind, to.kind) {
        case (.name, .text), (.name, .varchar), (.varchar, .text), (.text, .varchar):
            return .implicit
        case (.char, .text): return .implicit
        case (.text, .name), (.varchar, .name), (.text, .char): return .assignment
        case (.int2, .oid), (.int4, .oid), (.int8, .oid), (.int2, .regclass), (.int4, .regclass),
            (.int8, .regclass), (.regclass, .oid), (.oid, .regclass), (.oid, .regproc),
            (.oid, .regtype), (.regproc, .oid), (.regtype, .oid):
            return .implicit
        case (.oid, .int8), (.oid, .int4), (.regclass, .int4), (.regclass, .int8):
            return .assignment
        case (.text, .regclass): return .implicit
        case (.boolean, .int4), (.int4, .boolean): return .explicit
        case (_, .text), (_, .varchar): return .assignment
        case (.text, _), (.varchar, _), (.name, _): return .explicit
        default: return nil
        }
    }

    /// The conversion, or nil when there is none. `to` may have a modifier.
    package static func function(from: DataType, to: DataType) -> ScalarFunction? {
        guard context(from: from, to: to) != nil else { return nil }
        return ScalarFunction("cast", [from], to, canFail: canFail(from, to)) { e, c in
            convert(e, c, from, to)
        }
    }

    private static func canFail(_ from: DataType, _ to: DataType) -> Bool {
        if to.physical == .text { return false }
        switch (from.kind, to.kind) {
        case (.int2, .int4), (.int2, .int8), (.int4, .int8), (.int2, .float8), (.int4, .float8),
            (.int8, .float8):
            return false
        case (.int2, .numeric), (.int4, .numeric), (.int8, .numeric): return to.modifier >= 0
        default: return true
        }
    }

    private static func convert(_ e: Evaluation, _ c: [Column], _ from: DataType, _ to: DataType)
        -> Column
    {
        let source = c[0]
        switch (source.data, to.physical) {
        case (.int64(let cells), .int64) where from.kind != .timestamp && to.kind != .timestamp:
            let range = TextEncoding.range(to.kind)
            if range.contains(TextEncoding.range(from.kind).lowerBound),
                range.contains(TextEncoding.range(from.kind).upperBound)
            {
                return source
            }
            return RowKernels.ints(e, c) { (row) throws(SQLError) in
                guard range.contains(cells.cells[row]) else { throw outOfRange(to) }
                return cells.cells[row]
            }
        case (.int64(let cells), .double):
            return RowKernels.doubles(e, c) { Double(cells.cells[$0]) }
        case (.int64(let cells), .numeric):
            return RowKernels.numerics(e, c) { (row) throws(SQLError) in
                try Numeric(cells.cells[row]).applying(modifier: to.modifier)
            }
        case (.int64(let cells), .bool): return RowKernels.bools(e, c) { cells.cells[$0] != 0 }
        case (.bool(let cells), .int64): return RowKernels.ints(e, c) { Int64(cells.cells[$0]) }
        case (.double(let cells), .int64):
            return RowKernels.ints(e, c) { (row) throws(SQLError) in
                // rint(): halves to even, as PostgreSQL's float casts do.
                let value = cells.cells[row].rounded(.toNearestOrEven)
                guard let int = Int64(exactly: value), TextEncoding.range(to.kind).contains(int)
                else {
                    throw outOfRange(to)
                }
                return int
            }
        case (.double(let cells), .numeric):
            return RowKernels.numerics(e, c) { (row) throws(SQLError) in
                try Numeric(cells.cells[row]).applying(modifier: to.modifier)
            }
        case (.double, .double): return source
        case (.numeric(let cells), .int64):
            return RowKernels.ints(e, c) { (row) throws(SQLError) in
                try integer(cells.cells[row], to)
            }
        case (.numeric(let cells), .double):
            return RowKernels.doubles(e, c) { cells.cells[$0].double }
        case (.numeric(let cells), .numeric):
            if to.modifier < 0 { return source }
            return RowKernels.numerics(e, c) { (row) throws(SQLError) in
                try cells.cells[row].applying(modifier: to.modifier)
            }
        case (.text, .text): return source
        case (_, .text): return toText(e, c, from)
        case (.text, _): return fromText(e, c, to)
        default: return source
        }
    }

    private static func outOfRange(_ type: DataType) -> SQLError {
        SQLError(.numericValueOutOfRange, "\(type.name) out of range")
    }

    private static func integer(_ value: Numeric, _ to: DataType) throws(SQLError) -> Int64 {
        guard value.isFinite else {
            let name = value.form == .nan ? "NaN" : "infinity"
            throw SQLError(.featureNotSupported, "cannot convert \(name) to \(to.name)")
        }
        guard let int = value.roundedInt64, TextEncoding.range(to.kind).contains(int) else {
            throw outOfRange(to)
        }
        return int
    }

    private static func toText(_ e: Evaluation, _ c: [Column], _ from: DataType) -> Column {
        let view = c[0].view
        return RowKernels.texts(e, c) { row in
            if from.kind == .boolean { return Array((view.bool(row) != 0 ? "true" : "false").utf8) }
            var bytes: [UInt8] = []
            TextEncoding.append(view, row, from, to: &bytes)
            return bytes
        }
    }

    private static func fromText(_ e: Evaluation, _ c: [Column], _ to: DataType) -> Column {
        let builder = ColumnBuilder(to.physical, capacity: e.count)
        for row in 0..<e.count {
            if c[0].isNull(row) {
                builder.appendNull()
                continue
            }
            do throws(SQLError) {
                builder.append(try TextEncoding.parse(c[0].textBytes(row), to))
            } catch {
                builder.appendNull()
                e.fail(row, error)
            }
        }
        return builder.column()
    }
}
