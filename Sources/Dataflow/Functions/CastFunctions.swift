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
        if from.kind == .unknown { return .implicit }
        if from.kind == .array || to.kind == .array { return arrayContext(from, to) }
        if from.kind == to.kind { return .implicit }
        let order: [DataType.Kind: Int] = [
            .int2: 0, .int4: 1, .int8: 2, .numeric: 3, .float4: 4, .float8: 5,
        ]
        if let a = order[from.kind], let b = order[to.kind] {
            return a < b ? .implicit : .assignment
        }
        if let times = timeContext(from.kind, to.kind) { return times }
        switch (from.kind, to.kind) {
        case (.name, .text), (.name, .varchar), (.varchar, .text), (.text, .varchar),
            (.bpchar, .text), (.bpchar, .varchar), (.text, .bpchar), (.varchar, .bpchar),
            (.char, .text):
            return .implicit
        case (.text, .name), (.varchar, .name), (.text, .char), (.name, .bpchar), (.bpchar, .name):
            return .assignment
        case (.int2, .oid), (.int4, .oid), (.int8, .oid): return .implicit
        case (.oid, .int8), (.oid, .int4): return .assignment
        case (let from, let to) where DataType.nameKinds.contains(to):
            if [.int2, .int4, .int8, .oid].contains(from) { return .implicit }
            if from == .text || from == .varchar { return to == .regclass ? .implicit : .explicit }
            return [.bpchar, .name].contains(from) ? .explicit : nil
        case (let from, .oid) where DataType.nameKinds.contains(from): return .implicit
        case (let from, .int4) where DataType.nameKinds.contains(from): return .assignment
        case (let from, .int8) where DataType.nameKinds.contains(from): return .assignment
        case (.json, .jsonb), (.jsonb, .json): return .assignment
        case (.jsonb, .boolean), (.jsonb, .int2), (.jsonb, .int4), (.jsonb, .int8),
            (.jsonb, .numeric), (.jsonb, .float4), (.jsonb, .float8):
            return .explicit
        case (.boolean, .int4), (.int4, .boolean): return .explicit
        case (_, .text), (_, .varchar), (_, .bpchar): return .assignment
        case (.text, _), (.varchar, _), (.name, _), (.bpchar, _): return .explicit
        default: return nil
        }
    }

    private static func timeContext(_ from: DataType.Kind, _ to: DataType.Kind) -> Context? {
        switch (from, to) {
        case (.date, .timestamp), (.date, .timestamptz), (.timestamp, .timestamptz),
            (.time, .interval):
            .implicit
        case (.timestamp, .date), (.timestamp, .time), (.timestamptz, .date),
            (.timestamptz, .time), (.timestamptz, .timestamp), (.interval, .time):
            .assignment
        default: nil
        }
    }

    private static func arrayContext(_ from: DataType, _ to: DataType) -> Context? {
        if from.kind == .array, to.kind == .array {
            if from.element == to.element { return .implicit }
            return context(from: from.elementType, to: to.elementType)
        }
        if from.kind == .array {
            return to.isString && to.kind != .char && to.kind != .name ? .assignment : nil
        }
        return from.isString && from.kind != .char ? .explicit : nil
    }

    /// The conversion, or nil when there is none. `to` may have a modifier.
    /// `now` is what words like `today` mean in texts that become times.
    package static func function(from: DataType, to: DataType, now: TimeText.Present? = nil)
        -> ScalarFunction?
    {
        guard context(from: from, to: to) != nil else { return nil }
        return ScalarFunction("cast", [from], to, canFail: canFail(from, to)) { e, c in
            convert(e, c, from, to, now)
        }
    }

    /// The text that a value is printed as: of char(n) with its blanks, which a cast takes off.
    package static func output(of type: DataType) -> ScalarFunction {
        ScalarFunction("output", [type], .text) { e, c in toText(e, c, type, .text) }
    }

    /// An explicit cast to varchar(n) or char(n): cuts what is too long.
    package static func cutting(from: DataType, to: DataType) -> ScalarFunction? {
        if to.kind == .array { return cuttingElements(from: from, to: to) }
        guard to.kind == .varchar || to.kind == .bpchar, to.modifier >= 4,
            context(from: from, to: to) != nil
        else { return nil }
        return ScalarFunction("cut", [from], to) { e, c in
            let text = convert(e, c, from, .text)
            return RowKernels.texts(e, c) { (row) throws(SQLError) in
                try TextEncoding.fitted(text.textBytes(row), to, truncating: true)
            }
        }
    }

    private static func cuttingElements(from: DataType, to: DataType) -> ScalarFunction? {
        guard to.element == .varchar || to.element == .bpchar, to.modifier >= 4,
            context(from: from, to: to) != nil
        else { return nil }
        let whole = DataType.array(of: to.element)
        return ScalarFunction("cut", [from], to, canFail: canFail(from, whole)) { e, c in
            let arrays = convert(e, c, from, whole)
            return RowKernels.texts(e, c) { (row) throws(SQLError) in
                var array = ArrayValue(decoding: arrays.textBytes(row), to.element)
                for index in array.elements.indices {
                    guard case .text(let text) = array.elements[index] else { continue }
                    array.elements[index] = .text(
                        try TextEncoding.fitted(text, to.elementType, truncating: true))
                }
                return array.encoded(to.element)
            }
        }
    }

    private static func canFail(_ from: DataType, _ to: DataType) -> Bool {
        switch to.kind {
        case .varchar, .bpchar: return to.modifier >= 4
        case .text, .name, .char, .unknown: return false
        case .json: return from.kind != .json && from.kind != .jsonb
        default: break
        }
        if from.kind == to.kind, from.element == to.element, to.modifier < 0 { return false }
        switch (from.kind, to.kind) {
        case (.int2, .int4), (.int2, .int8), (.int4, .int8), (.int2, .float8), (.int4, .float8),
            (.int8, .float8):
            return false
        case (.int2, .numeric), (.int4, .numeric), (.int8, .numeric): return to.modifier >= 0
        default: return true
        }
    }

    private static func convert(
        _ e: Evaluation, _ c: [Column], _ from: DataType, _ to: DataType,
        _ now: TimeText.Present? = nil
    ) -> Column {
        // Texts are texts here; what they become is wrapped again at the end of each call.
        let c = c.map { $0.texts(as: .text) }
        let source = c[0]
        if let special = convertTimes(e, c, from, to) { return special }
        if let special = convertSpecially(e, c, from, to, now) { return special }
        switch (source.data, to.physical) {
        case (.int64(let cells), .int64):
            let (range, all) = (TextEncoding.range(to.kind), TextEncoding.range(from.kind))
            if range.contains(all.lowerBound), range.contains(all.upperBound) { return source }
            return RowKernels.ints(e, c) { (row) throws(SQLError) in
                guard range.contains(cells.cells[row]) else { throw outOfRange(to) }
                return cells.cells[row]
            }
        case (.int64(let cells), .double):
            if to.kind == .float4 {
                return RowKernels.doubles(e, c) { Double(Float(cells.cells[$0])) }
            }
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
                let value = cells.cells[row]
                if from.kind == .float4, value.isFinite {
                    return try single(asNumeric: value).applying(modifier: to.modifier)
                }
                return try Numeric(value).applying(modifier: to.modifier)
            }
        case (.double(let cells), .double):
            guard to.kind == .float4 else { return source }
            return RowKernels.doubles(e, c) { (row) throws(SQLError) in
                try single(cells.cells[row])
            }
        case (.numeric(let cells), .int64):
            return RowKernels.ints(e, c) { (row) throws(SQLError) in
                try integer(cells.cells[row], to)
            }
        case (.numeric(let cells), .double):
            if to.kind == .float4 {
                return RowKernels.doubles(e, c) { (row) throws(SQLError) in
                    try single(try double(cells.cells[row], to))
                }
            }
            return RowKernels.doubles(e, c) { (row) throws(SQLError) in
                try double(cells.cells[row], to)
            }
        case (.numeric(let cells), .numeric):
            if to.modifier < 0 { return source }
            return RowKernels.numerics(e, c) { (row) throws(SQLError) in
                try cells.cells[row].applying(modifier: to.modifier)
            }
        case (.text, .text): return source
        case (_, .text): return toText(e, c, from, to)
        case (.text, _): return fromText(e, c, to, now)
        default: return source
        }
    }

    private static func outOfRange(_ type: DataType) -> SQLError {
        SQLError(.numericValueOutOfRange, "\(type.name) out of range")
    }

    private static func double(_ value: Numeric, _ to: DataType) throws(SQLError) -> Double {
        let double = value.double
        guard !value.isFinite || (double.isFinite && (double != 0 || value.signum == 0)) else {
            throw SQLError(
                .numericValueOutOfRange, "\"\(value.text)\" is out of range for type \(to.name)")
        }
        return double
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

    private static func toText(
        _ e: Evaluation, _ c: [Column], _ from: DataType, _ to: DataType
    ) -> Column {
        let view = c[0].view
        return RowKernels.texts(e, c) { (row) throws(SQLError) in
            var bytes: [UInt8] = []
            if from.kind == .boolean {
                bytes = Array((view.bool(row) != 0 ? "true" : "false").utf8)
            } else {
                TextEncoding.append(view, row, from, to: &bytes)
            }
            if to.kind == .varchar || to.kind == .bpchar {
                return try TextEncoding.fitted(bytes, to, truncating: false)
            }
            return bytes
        }
    }

    private static func single(_ value: Double) throws(SQLError) -> Double {
        let single = Float(value)
        if single.isInfinite, !value.isInfinite {
            throw SQLError(.numericValueOutOfRange, "value out of range: overflow")
        }
        if single == 0, value != 0 {
            throw SQLError(.numericValueOutOfRange, "value out of range: underflow")
        }
        return Double(single)
    }

    /// Six significant digits, as PostgreSQL's float4_numeric.
    private static func single(asNumeric value: Double) throws(SQLError) -> Numeric {
        var text: [UInt8] = []
        FloatText.append(value, single: true, to: &text)
        guard let number = try Numeric.parse(text) else { return try Numeric(value) }
        // No more digits than %.6g has.
        let digits = number.magnitude.digits.count
        if digits > 6, Int(number.scale) > 0 {
            let rounded = try number.rounded(to: max(0, Int(number.scale) - (digits - 6)))
            return rounded
        }
        return number
    }

    /// Casts between types of one physical type that are not the same bytes.
    private static func convertSpecially(
        _ e: Evaluation, _ c: [Column], _ from: DataType, _ to: DataType, _ now: TimeText.Present?
    ) -> Column? {
        func texts(_ f: @escaping ([UInt8]) throws(SQLError) -> [UInt8]) -> Column {
            RowKernels.texts(e, c) { (row) throws(SQLError) in try f(c[0].textBytes(row)) }
        }
        switch (from.kind, to.kind) {
        case (.json, .jsonb):
            return texts { (x) throws(SQLError) in try JSONText.parse(x).canonical }
        case (.jsonb, .boolean), (.jsonb, .int2), (.jsonb, .int4), (.jsonb, .int8),
            (.jsonb, .numeric), (.jsonb, .float4), (.jsonb, .float8):
            return fromJSON(e, c, to)
        case (.array, .array):
            if from.element == to.element, to.modifier < 0 { return c[0] }
            return arrays(e, c, from, to)
        case (.array, _):
            let view = c[0].view
            return RowKernels.texts(e, c) { (row) throws(SQLError) in
                var bytes: [UInt8] = []
                TextEncoding.append(view, row, from, to: &bytes)
                return try TextEncoding.fitted(bytes, to, truncating: false)
            }
        case (.json, .varchar), (.json, .bpchar), (.jsonb, .varchar), (.jsonb, .bpchar):
            return texts { (x) throws(SQLError) in
                try TextEncoding.fitted(x, to, truncating: false)
            }
        case (.varchar, .varchar), (.text, .varchar), (.bpchar, .varchar), (.bpchar, .bpchar),
            (.text, .bpchar), (.varchar, .bpchar), (.name, .varchar):
            // An explicit cast cuts; an assignment does not, which the binder asks for by name.
            if to.kind == .varchar, to.modifier < 4 { return c[0] }
            return texts { (x) throws(SQLError) in
                try TextEncoding.fitted(x, to, truncating: false)
            }
        case (.text, .name), (.varchar, .name), (.bpchar, .name):
            return texts { x in TextEncoding.name(x) }
        case (_, .text), (_, .varchar), (_, .bpchar):
            if from.physical != .text || from.isString || from.kind == .json || from.kind == .jsonb
            {
                return nil
            }
            return toText(e, c, from, to)
        case (.text, _), (.varchar, _), (.bpchar, _), (.name, _):
            guard to.physical == .text, !to.isString else { return nil }
            return fromText(e, c, to, now)
        default: return nil
        }
    }

    private static func fromJSON(_ e: Evaluation, _ c: [Column], _ to: DataType) -> Column {
        let builder = ColumnBuilder(to.physical, capacity: e.count)
        for row in 0..<e.count {
            if c[0].isNull(row) {
                builder.appendNull()
                continue
            }
            do throws(SQLError) {
                switch (try JSONText.parse(c[0].textBytes(row)), to.kind) {
                case (.null, _): throw jsonCast("null", to)
                case (.bool(let value), .boolean): builder.append(value)
                case (.bool, _): throw jsonCast("boolean", to)
                case (.number(let value), .numeric):
                    builder.append(try value.applying(modifier: to.modifier))
                case (.number(let value), .float8): builder.append(try double(value, to))
                case (.number(let value), .float4):
                    builder.append(try single(try double(value, to)))
                case (.number, .boolean): throw jsonCast("numeric", to)
                case (.number(let value), _): builder.append(try integer(value, to))
                case (.string, _): throw jsonCast("string", to)
                case (.array, _): throw jsonCast("array", to)
                case (.object, _): throw jsonCast("object", to)
                }
            } catch {
                builder.appendNull()
                e.fail(row, error)
            }
        }
        return builder.column()
    }

    private static func jsonCast(_ kind: String, _ to: DataType) -> SQLError {
        SQLError(.invalidParameterValue, "cannot cast jsonb \(kind) to type \(to.name)")
    }

    /// Element by element.
    private static func arrays(_ e: Evaluation, _ c: [Column], _ from: DataType, _ to: DataType)
        -> Column
    {
        RowKernels.texts(e, c) { (row) throws(SQLError) in
            var array = ArrayValue(decoding: c[0].textBytes(row), from.element)
            let batch = Batch(
                rows: array.elements.map { [$0] }, types: [from.elementType.physical])
            let inner = Evaluation(batch)
            let column = convert(inner, batch.columns, from.elementType, to.elementType)
            if let failure = inner.failures.first { throw failure.error }
            array.elements = (0..<batch.count).map { column.value($0) }
            return array.encoded(to.element)
        }
    }

    private static func fromText(
        _ e: Evaluation, _ c: [Column], _ to: DataType, _ now: TimeText.Present?
    ) -> Column {
        let builder = ColumnBuilder(to.physical, capacity: e.count)
        for row in 0..<e.count {
            if c[0].isNull(row) {
                builder.appendNull()
                continue
            }
            do throws(SQLError) {
                builder.append(try TextEncoding.parse(c[0].textBytes(row), to, now: now))
            } catch {
                builder.appendNull()
                e.fail(row, error)
            }
        }
        return builder.column()
    }

    // MARK: - Times

    private static func convertTimes(
        _ e: Evaluation, _ c: [Column], _ from: DataType, _ to: DataType
    ) -> Column? {
        // What has more digits than the type's seconds is rounded.
        func ints(_ f: @escaping (Int64) throws(SQLError) -> Int64) -> Column? {
            guard case .int64(let cells) = c[0].data else { return nil }
            return RowKernels.ints(e, c) { (row) throws(SQLError) in
                TimeText.rounded(try f(cells.cells[row]), toDigits: to.modifier)
            }
        }
        let day = Timestamp.microsecondsPerDay
        let zone = TimeZones.rules((to.kind == .timestamptz ? to : from).style.zone)
        switch (from.kind, to.kind) {
        case (.date, .timestamp):
            return ints { (x) throws(SQLError) in try CalendarDate.timestamp(x) }
        case (.date, .timestamptz):
            return ints { (x) throws(SQLError) in
                try Timestamp.checked(zone.instant(ofLocal: try CalendarDate.timestamp(x)))
            }
        case (.timestamp, .timestamptz):
            return ints { (x) throws(SQLError) in try Timestamp.checked(zone.instant(ofLocal: x)) }
        case (.timestamptz, .timestamp):
            return ints { (x) throws(SQLError) in try Timestamp.checked(zone.local(x)) }
        case (.timestamp, .date): return ints { CalendarDate.day($0) }
        case (.timestamptz, .date): return ints { CalendarDate.day(zone.local($0)) }
        case (.timestamp, .time), (.timestamptz, .time):
            guard case .int64(let cells) = c[0].data else { return nil }
            // What is no time of any day has none of a day.
            return RowKernels.optionalInts(e, c) { row in
                let instant = cells.cells[row]
                guard Timestamp.isFinite(instant) else { return nil }
                let local = from.kind == .timestamp ? instant : zone.local(instant)
                return TimeText.rounded(Timestamp.split(local).time, toDigits: to.modifier)
            }
        case (.time, .interval):
            guard case .int64(let cells) = c[0].data else { return nil }
            let fields = IntervalFields(modifier: to.modifier)
            return RowKernels.intervals(e, c) { row in
                fields.applied(to: Interval(microseconds: cells.cells[row]))
            }
        case (.interval, .time):
            guard case .interval(let cells) = c[0].data else { return nil }
            return RowKernels.ints(e, c) { row in
                let rest = cells.cells[row].microseconds % day
                return TimeText.rounded(rest < 0 ? rest + day : rest, toDigits: to.modifier)
            }
        case (.interval, .interval):
            guard case .interval(let cells) = c[0].data, to.modifier >= 0 else { return c[0] }
            let fields = IntervalFields(modifier: to.modifier)
            return RowKernels.intervals(e, c) { fields.applied(to: cells.cells[$0]) }
        case (.timestamp, .timestamp), (.timestamptz, .timestamptz), (.date, .date),
            (.time, .time):
            return to.modifier < 0 ? c[0] : ints { $0 }
        default: return nil
        }
    }
}
