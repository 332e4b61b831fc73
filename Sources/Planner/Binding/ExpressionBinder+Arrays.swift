import Dataflow
import Types

/// ARRAY[…], subscripts, and comparisons with any or all elements.
extension ExpressionBinder {
    /// ARRAY[…] that is cast to `type`: the cast is one of each element.
    func arrayConstructor(_ list: [Expression], as type: DataType, _ at: Int) throws(SQLError)
        -> Expr
    {
        if list.isEmpty {
            let plain = DataType.array(of: type.element)
            return .constant(.text(ArrayValue().encoded(type.element)), plain)
        }
        var elements: [(Expr, Int)] = []
        for item in list {
            if case .array(let inner, let innerAt) = item {
                elements.append((try arrayConstructor(inner, as: type, innerAt), item.at))
            } else {
                elements.append((try bind(item), item.at))
            }
        }
        let isNested = elements.contains { $0.0.type.kind == .array }
        let wanted = isNested ? type : type.elementType
        var values: [Expr] = []
        for (element, elementAt) in elements {
            values.append(
                try binder.convert(element, to: wanted, .explicit, at: elementAt) {
                    SQLError(
                        .cannotCoerce,
                        "cannot cast type \(element.type.name) to \(wanted.name)",
                        position: binder.position(elementAt))
                })
        }
        let function = ArrayFunctions.constructor(values.count, element: wanted)
        return .call(function, values, function.result)
    }

    func arrayConstructor(_ list: [Expression], _ at: Int) throws(SQLError) -> Expr {
        if list.isEmpty {
            throw SQLError(
                .indeterminateDatatype, "cannot determine type of empty array",
                hint: "Explicitly cast to the desired type, for example ARRAY[]::integer[].",
                position: binder.position(at))
        }
        let (values, type) = try unify(try bindAll(list), "ARRAY")
        let function = ArrayFunctions.constructor(values.count, element: type)
        return .call(function, values, function.result)
    }

    /// An int2vector or oidvector as the array that it is.
    static func unvectored(_ value: Expr) -> Expr {
        guard let function = ArrayFunctions.ofVector(value.type) else { return value }
        return .call(function, [value], function.result)
    }

    func subscripted(_ operand: Expr, _ subscripts: [Subscript], _ at: Int) throws(SQLError) -> Expr
    {
        if operand.type.kind == .jsonb { return try member(of: operand, subscripts, at) }
        let value = ExpressionBinder.unvectored(operand)
        guard value.type.kind == .array else {
            throw SQLError(
                .datatypeMismatch,
                "cannot subscript type \(value.type.base.name) because it does not support subscripting",
                position: binder.position(at))
        }
        guard subscripts.count <= 6 else {
            throw SQLError(
                .programLimitExceeded,
                "number of array dimensions (\(subscripts.count)) exceeds the maximum allowed (6)",
                position: binder.position(at))
        }
        func bound(_ node: Expression?) throws(SQLError) -> Expr {
            guard let node else { return .constant(.null, .int4) }
            return try binder.convert(try bind(node), to: .int4, .assignment, at: node.at) {
                SQLError(
                    .datatypeMismatch, "array subscript must have type integer",
                    position: binder.position(node.at))
            }
        }
        if subscripts.contains(where: \.isSlice) {
            var arguments = [value]
            var given: [(lower: Bool, upper: Bool)] = []
            for item in subscripts {
                // Among slices, [n] means [1:n].
                let lower = item.isSlice ? try bound(item.lower) : .constant(.int(1), .int4)
                arguments += [lower, try bound(item.isSlice ? item.upper : item.lower)]
                given.append(
                    (!item.isSlice || item.lower != nil, !item.isSlice || item.upper != nil))
            }
            let function = ArrayFunctions.slice(value.type, given)
            return .call(function, arguments, value.type)
        }
        var arguments = [value]
        for item in subscripts { arguments.append(try bound(item.lower)) }
        let function = ArrayFunctions.element(value.type, subscripts: subscripts.count)
        return .call(function, arguments, function.result)
    }

    /// j['key'][0]: a part of a jsonb document.
    private func member(of document: Expr, _ subscripts: [Subscript], _ at: Int) throws(SQLError)
        -> Expr
    {
        var path: [Expr] = []
        for item in subscripts {
            guard !item.isSlice, let node = item.lower else {
                throw SQLError(
                    .datatypeMismatch, "jsonb subscript does not support slices",
                    position: binder.position(at))
            }
            let key = try binder.resolved(try bind(node), at: node.at)
            guard key.type.isInteger || key.type.isString else {
                throw SQLError(
                    .datatypeMismatch, "subscript type \(key.type.base.name) is not supported",
                    hint: "jsonb subscript must be coercible to either integer or text.",
                    position: binder.position(node.at))
            }
            path.append(
                try binder.convert(key, to: .text, .explicit, at: node.at) {
                    SQLError.internalFault("no text of \(key.type.name)")
                })
        }
        let array = ArrayFunctions.constructor(path.count, element: .text)
        return try binary("#>", document, .call(array, path, array.result), at, (at, at))
    }

    /// left op ANY (array), left op ALL (array)
    func quantified(_ symbol: String, _ left: Expr, _ right: Expr, _ isAll: Bool, _ at: Int)
        throws(SQLError) -> Expr
    {
        var array = ExpressionBinder.unvectored(right)
        if array.type.kind == .unknown {
            let element = left.type.kind == .unknown ? DataType.text : left.type
            array = try binder.convertImplicitly(array, to: .array(of: element.kind), at: at)
        }
        guard array.type.kind == .array else {
            throw SQLError(
                .wrongObjectType, "op ANY/ALL (array) requires array on right side",
                position: binder.position(at))
        }
        // The comparison of the left value with one element, over columns 0 and 1.
        let element = array.type.elementType
        let known =
            left.type.kind == .unknown
            ? try binder.convertImplicitly(left, to: element, at: at) : left
        let pair = try binary(
            symbol, .column(0, known.type), .column(1, element), at, (at, at))
        guard pair.type.kind == .boolean else {
            throw SQLError(
                .wrongObjectType, "op ANY/ALL (array) requires operator to yield boolean",
                position: binder.position(at))
        }
        let function = ArrayFunctions.quantified(
            pair, left: known.type, array: array.type, isAll: isAll)
        return .call(function, [known, array], .boolean)
    }
}
