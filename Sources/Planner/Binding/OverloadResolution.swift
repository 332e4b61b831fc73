import Dataflow
import Types

/// Which function a call means: PostgreSQL's rules (parse_func.c, parse_oper.c).
enum OverloadResolution {
    /// The best candidate for arguments of these types; nil for none, several when ambiguous.
    static func candidates(_ overloads: [ScalarFunction], _ types: [DataType]) -> [ScalarFunction] {
        let fitting = overloads.filter { accepts($0, types) }
        if fitting.count <= 1 { return fitting }
        if let exact = fitting.first(where: { exactMatches($0, types) == types.count }) {
            return [exact]
        }
        // Most exact matches.
        var best = keepBest(fitting) { exactMatches($0, types) }
        if best.count == 1 { return best }
        // Most exact or preferred at positions that need a conversion.
        best = keepBest(best) { function in
            types.indices.filter { index in
                let wanted = parameter(function, index)
                return same(wanted, types[index])
                    || (types[index].kind != .unknown && isPreferred(wanted))
            }.count
        }
        if best.count == 1 { return best }
        return resolveUnknowns(best, types)
    }

    private static func keepBest(_ list: [ScalarFunction], _ score: (ScalarFunction) -> Int)
        -> [ScalarFunction]
    {
        let top = list.map(score).max() ?? 0
        return list.filter { score($0) == top }
    }

    static func same(_ a: DataType, _ b: DataType) -> Bool {
        a.kind == b.kind && a.element == b.element
    }

    /// The declared type of an argument, the last one repeating for variadic functions.
    static func parameter(_ function: ScalarFunction, _ index: Int) -> DataType {
        function.arguments[min(index, function.arguments.count - 1)]
    }

    private static func accepts(_ function: ScalarFunction, _ types: [DataType]) -> Bool {
        if function.isVariadic {
            guard types.count >= function.arguments.count else { return false }
            // Variadic functions here take anything that has a text form.
            return types.indices.allSatisfy { index in
                parameter(function, index).kind == .text
                    || CastFunctions.context(from: types[index], to: parameter(function, index))
                        == .implicit
            }
        }
        guard types.count == function.arguments.count else { return false }
        return types.indices.allSatisfy { index in
            CastFunctions.context(from: types[index], to: function.arguments[index]) == .implicit
        }
    }

    private static func exactMatches(_ function: ScalarFunction, _ types: [DataType]) -> Int {
        types.indices.filter { same(parameter(function, $0), types[$0]) }.count
    }

    enum Category: Equatable {
        case number, string, boolean, time, span, array
        case other(DataType.Kind)
    }

    static func category(_ type: DataType) -> Category {
        switch type.kind {
        case .int2, .int4, .int8, .float4, .float8, .numeric, .oid, .regclass, .regproc, .regtype,
            .regnamespace, .regrole:
            .number
        case .text, .varchar, .name, .char, .unknown, .bpchar: .string
        case .boolean: .boolean
        case .timestamp, .timestamptz, .date, .time: .time
        case .interval: .span
        case .array, .oidvector, .int2vector: .array
        case .void, .bytea, .uuid, .json, .jsonb: .other(type.kind)
        }
    }

    static func isPreferred(_ type: DataType) -> Bool {
        switch type.kind {
        case .float8, .oid, .text, .boolean, .interval, .timestamptz: true
        default: false
        }
    }

    private static func resolveUnknowns(_ list: [ScalarFunction], _ types: [DataType])
        -> [ScalarFunction]
    {
        let unknown = types.indices.filter { types[$0].kind == .unknown }
        if unknown.isEmpty { return list }
        var best = list
        for index in unknown {
            let categories = best.map { category(parameter($0, index)) }
            let isOne = categories.allSatisfy { $0 == categories.first }
            let chosen: Category? =
                categories.contains(.string) ? .string : (isOne ? categories.first : nil)
            guard let chosen else { continue }
            var kept = best.filter { category(parameter($0, index)) == chosen }
            let preferred = kept.filter { isPreferred(parameter($0, index)) }
            if !preferred.isEmpty { kept = preferred }
            best = kept
        }
        if best.count == 1 { return best }
        // All known arguments of one type: assume the unknown ones are of it as well.
        let known = Set(types.filter { $0.kind != .unknown }.map(\.base))
        if known.count == 1, let type = known.first {
            let assumed = types.map { $0.kind == .unknown ? type : $0 }
            if let exact = best.first(where: { exactMatches($0, assumed) == types.count }) {
                return [exact]
            }
        }
        return best
    }

    /// The common type of CASE arms, UNION columns, VALUES columns (select_common_type).
    static func commonType(_ types: [DataType]) -> DataType? {
        let known = types.filter { $0.kind != .unknown }
        guard var result = known.first else { return .text }
        if known.allSatisfy({ $0 == result }) { return result }
        for type in known.dropFirst() where !same(type, result) {
            guard category(type) == category(result) else { return nil }
            if isPreferred(result) { continue }
            let forward = CastFunctions.context(from: result, to: type) == .implicit
            let backward = CastFunctions.context(from: type, to: result) == .implicit
            if forward, !backward { result = type }
        }
        return result.base
    }
}
