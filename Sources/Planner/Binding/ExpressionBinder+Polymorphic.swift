import Dataflow
import Types

/// Functions whose types are those of a call: of arrays of anything, and to JSON.
extension ExpressionBinder {
    /// What a parameter of a function of arrays takes.
    private enum Parameter {
        /// anycompatiblearray and anycompatible: all in the type that they have in common.
        case commonArray, common
        /// anyarray.
        case array
        case type(DataType)
    }

    private static func parameters(_ name: String, _ count: Int) -> [Parameter]? {
        let int = Parameter.type(.int4)
        switch (name, count) {
        case ("array_append", 2), ("array_remove", 2), ("array_position", 2),
            ("array_positions", 2):
            return [.commonArray, .common]
        case ("array_position", 3): return [.commonArray, .common, int]
        case ("array_prepend", 2), ("width_bucket", 2): return [.common, .commonArray]
        case ("array_replace", 3): return [.commonArray, .common, .common]
        case ("array_cat", 2): return [.commonArray, .commonArray]
        case ("array_lower", 2), ("array_upper", 2), ("array_length", 2), ("trim_array", 2),
            ("generate_subscripts@array", 2):
            return [.array, int]
        case ("generate_subscripts@array", 3): return [.array, int, .type(.boolean)]
        case ("array_dims", 1), ("array_ndims", 1), ("cardinality", 1), ("array_to_json", 1):
            return [.array]
        case ("array_to_json", 2): return [.array, .type(.boolean)]
        case ("array_to_string", 2): return [.array, .type(.text)]
        case ("array_to_string", 3): return [.array, .type(.text), .type(.text)]
        default: return nil
        }
    }

    /// Operators of two arrays: text of no type yet is an array of the other's type.
    private static let arrayOperators: Set<String> = [
        "=", "<>", "<", ">", "<=", ">=", "@>", "<@", "&&", "is not distinct from",
    ]

    /// - Returns: nil when it is none of these functions.
    func madeFunction(_ name: String, _ arguments: [Expr], _ at: Int, isOperator: Bool)
        throws(SQLError) -> Expr?
    {
        var known = isOperator ? arguments : arguments.map(ExpressionBinder.unvectored)
        func refused() -> SQLError {
            unresolved(name, arguments.map(\.type), at, isOperator: isOperator, isAmbiguous: false)
        }
        if isOperator {
            known = try arrayOperands(name, known, at)
        } else if let parameters = ExpressionBinder.parameters(name, known.count) {
            if name.hasPrefix("array_to_") { known[0] = try shown(known[0], at) }
            guard let shaped = try shaped(known, parameters, at) else {
                if FunctionRegistry.overloads(name).isEmpty { throw refused() }
                return nil
            }
            known = shaped
        } else if name == "array_fill" {
            known = try filled(known, at)
        } else if name == "to_json" || name == "to_jsonb" {
            if known.count == 1 {
                if known[0].type.kind == .unknown { throw undecided(at) }
                known[0] = try shown(known[0], at)
            }
        } else if name.contains("_build_") {
            for index in known.indices {
                known[index] = try shown(try binder.resolved(known[index], at: at), at)
            }
        }
        guard
            let function = FunctionRegistry.made(
                name, known.map { $0.type.styled(binder.textStyle) })
        else { return nil }
        var converted: [Expr] = []
        for (argument, wanted) in zip(known, function.arguments) {
            converted.append(
                try binder.convert(argument, to: wanted, .implicit, at: at) { refused() })
        }
        return .call(function, converted, function.result)
    }

    private func undecided(_ at: Int) -> SQLError {
        SQLError(
            .datatypeMismatch,
            "could not determine polymorphic type because input has type unknown",
            position: binder.position(at))
    }

    /// Arguments as the parameters want them; nil when they do not fit.
    private func shaped(_ arguments: [Expr], _ parameters: [Parameter], _ at: Int)
        throws(SQLError) -> [Expr]?
    {
        var elements: [DataType] = []
        for (argument, parameter) in zip(arguments, parameters) {
            switch (parameter, argument.type.kind) {
            case (.array, .unknown): throw undecided(at)
            case (.commonArray, .unknown), (.common, .unknown), (.type, _): break
            case (.commonArray, .array): elements.append(argument.type.elementType)
            case (.array, .array): break
            case (.common, .array), (.commonArray, _), (.array, _): return nil
            case (.common, _): elements.append(argument.type)
            }
        }
        guard let common = OverloadResolution.commonType(elements) else { return nil }
        let array = DataType.array(of: common.kind, modifier: common.modifier)
        var list: [Expr] = []
        for (argument, parameter) in zip(arguments, parameters) {
            let wanted: DataType =
                switch parameter {
                case .array: argument.type
                case .commonArray: array
                case .common: common
                case .type(let type): type
                }
            let context = CastFunctions.context(from: argument.type, to: wanted)
            guard context == .implicit else { return nil }
            list.append(try binder.convertImplicitly(argument, to: wanted, at: at))
        }
        return list
    }

    private func arrayOperands(_ name: String, _ operands: [Expr], _ at: Int) throws(SQLError)
        -> [Expr]
    {
        guard operands.count == 2,
            let array = operands.first(where: { $0.type.kind == .array })?.type
        else { return operands }
        if name == "||" {
            let parameters = operands.map {
                $0.type.kind == .array ? Parameter.commonArray : Parameter.common
            }
            return try shaped(operands, parameters, at) ?? operands
        }
        guard ExpressionBinder.arrayOperators.contains(name) else { return operands }
        var known: [Expr] = []
        for operand in operands {
            known.append(
                operand.type.kind == .unknown
                    ? try binder.convertImplicitly(operand, to: array, at: at) : operand)
        }
        return known
    }

    /// array_fill: a value, the lengths of dimensions and maybe their lower bounds.
    private func filled(_ arguments: [Expr], _ at: Int) throws(SQLError) -> [Expr] {
        guard let value = arguments.first, arguments.count == 2 || arguments.count == 3 else {
            return arguments
        }
        guard value.type.kind != .unknown else { throw undecided(at) }
        var list = [value]
        for bounds in arguments.dropFirst() {
            list.append(try binder.convertImplicitly(bounds, to: .array(of: .int4), at: at))
        }
        return list
    }
}
