import Dataflow
package import Types

/// Gives names, operators and types their meaning: syntax trees to logical plans.
///
/// One binder for one statement. Errors carry the position of the token that they are about.
package final class Binder {
    let context: SessionContext
    let text: [UInt8]
    /// Types of `$1`, `$2`, … as far as they are known; `unknown` until something decides.
    package private(set) var parameterTypes: [DataType]
    let parameterValues: [Value]?
    var commonTables: [[String: CommonTableBinding]] = []
    /// How often each of them has been read, by its place.
    var commonTableUses: [Int: Int] = [:]
    /// What names stood for when the text was written down: a view's text means the same when a
    /// relation has another name since.
    package var pinnedNames: [String: Int32] = [:]
    /// What names have stood for in this statement.
    package private(set) var resolvedNames: [String: Int32] = [:]
    var viewDepth = 0
    /// The columns of the queries around the one being bound, outermost first.
    var outerScopes: [Scope] = []
    /// Binding a view: what depends on the session or the moment is refused.
    package var isForView = false
    /// Binding a SELECT over a relation that never has rows: its expressions are never evaluated, so
    /// those that cannot be said yet are NULLs.
    var isOverNothing = false
    /// The queries with FOR UPDATE that the statement has, in the order in which they run, and the rows
    /// of those that have run, by their place.
    package internal(set) var lockingQueries: [LockingQuery] = []
    package var lockedRows: [Int: LogicalPlan] = [:]
    /// Queries of WITH that are read more than once and give other rows each time: they run first, too.
    package internal(set) var volatileTables: [CommonTableBinding] = []
    /// Every relation that the statement has named, views included.
    package var references: Set<Int32> = []

    /// How the session reads and writes times.
    let textStyle: TextStyle

    package init(context: SessionContext, text: String, parameters: Parameters = Parameters()) {
        self.context = context
        textStyle = TextStyle(settings: context.settings)
        self.text = Array(text.utf8)
        parameterTypes = parameters.types
        parameterValues = parameters.values
    }

    var catalog: Catalog { context.catalog }

    /// The relation of a name. - Throws: 42P01.
    func relation(_ parts: [String], at: Int) throws(SQLError) -> CatalogObject {
        let name = parts.joined(separator: ".")
        if let oid = pinnedNames[name], let object = catalog.objects[oid] { return object }
        let object = try catalog.resolve(
            QualifiedName(parts: parts, at: at), position: position(at))
        if viewDepth == 0, object.kind != .system { resolvedNames[name] = object.oid }
        return object
    }

    /// Whether a name means what it meant when the view was made whose text it is in.
    func isPinned(_ parts: [String]) -> Bool { pinnedNames[parts.joined(separator: ".")] != nil }

    /// The character position of a byte offset, for errors; none inside a view's stored text.
    func position(_ at: Int) -> Int? { viewDepth > 0 ? nil : Lexer.position(text, at) }

    // MARK: - Parameters

    func parameter(_ number: Int, at: Int) throws(SQLError) -> Expr {
        guard number >= 1 else {
            throw SQLError(
                .undefinedParameter, "there is no parameter $\(number)", position: position(at))
        }
        if let values = parameterValues {
            guard number <= values.count else {
                throw SQLError(
                    .undefinedParameter, "there is no parameter $\(number)", position: position(at))
            }
            return .constant(values[number - 1], parameterTypes[number - 1])
        }
        while parameterTypes.count < number { parameterTypes.append(.unknown) }
        return .call(Binder.placeholder(number), [], parameterTypes[number - 1])
    }

    /// Stands for a parameter while a statement is only described.
    private static func placeholder(_ number: Int) -> ScalarFunction {
        FunctionRegistry.sessionFunction("$\(number)", [], .unknown) { _ throws(SQLError) in
            throw SQLError.internalFault("a parameter without a value")
        }
    }

    /// The number of a placeholder.
    private static func placeholderNumber(_ expression: Expr) -> Int? {
        guard case .call(let function, _, _) = expression, function.name.hasPrefix("$") else {
            return nil
        }
        return Int(function.name.dropFirst())
    }

    // MARK: - Conversion

    /// `expression` as `type`, when that is allowed in `context`. - Throws: 42804 or 42846.
    func convert(
        _ expression: Expr, to type: DataType, _ context: CastFunctions.Context, at: Int,
        _ failure: () -> SQLError
    ) throws(SQLError) -> Expr {
        var expression = expression
        if type.kind == .array { expression = ExpressionBinder.unvectored(expression) }
        let from = expression.type.styled(textStyle)
        let type = type.styled(textStyle)
        if let number = Binder.placeholderNumber(expression), from.kind == .unknown {
            if parameterTypes[number - 1].kind == .unknown {
                parameterTypes[number - 1] = type.base
            }
            return .call(Binder.placeholder(number), [], type)
        }
        if from.kind == .unknown, case .constant(let value, _) = expression {
            guard case .text(let bytes) = value else { return .constant(.null, type) }
            do {
                if type.showsNames {
                    return .constant(try ObjectNames(self.context).value(bytes, type), type)
                }
                if context == .explicit, type.kind == .varchar || type.kind == .bpchar {
                    return .constant(
                        .text(try TextEncoding.fitted(bytes, type, truncating: true)), type)
                }
                if context == .explicit, type.kind == .array, type.modifier >= 0 {
                    let whole = DataType.array(of: type.element)
                    if let cutting = CastFunctions.cutting(from: whole, to: type) {
                        let array = try TextEncoding.parse(bytes, whole, now: present)
                        return .call(cutting, [.constant(array, whole)], type)
                    }
                }
                return .constant(try TextEncoding.parse(bytes, type, now: present), type)
            } catch {
                throw error.at(position(at))
            }
        }
        if from.kind == type.kind, from.element == type.element,
            type.modifier < 0 || type.modifier == from.modifier
        {
            return expression
        }
        guard let allowed = CastFunctions.context(from: from, to: type), allowed <= context else {
            throw failure()
        }
        if let named = try ExpressionBinder.namesCast(self, expression, to: type, at: at) {
            return named
        }
        if context == .explicit, let cutting = CastFunctions.cutting(from: from, to: type) {
            return .call(cutting, [expression], type)
        }
        guard let function = CastFunctions.function(from: from, to: type, now: present) else {
            throw failure()
        }
        return .call(function, [expression], type)
    }

    func convertImplicitly(_ expression: Expr, to type: DataType, at: Int) throws(SQLError) -> Expr
    {
        try convert(expression, to: type, .implicit, at: at) {
            SQLError(
                .datatypeMismatch, "cannot convert type \(expression.type.name) to \(type.name)",
                position: position(at))
        }
    }

    /// What `now` and `today` are within a text; nothing in views, which would keep the first answer.
    private var present: TimeText.Present? {
        if isForView { return nil }
        return TimeText.Present(instant: context.now, zone: TimeZones.rules(textStyle.zone))
    }

    var zoneName: String { context.settings["timezone"] ?? "UTC" }

    /// A condition. - Throws: 42804 when it is not boolean.
    func condition(_ expression: Expr, _ clause: String, at: Int) throws(SQLError) -> Expr {
        try convert(expression, to: .boolean, .implicit, at: at) {
            SQLError(
                .datatypeMismatch,
                "argument of \(clause) must be type boolean, not type \(expression.type.name)",
                position: position(at))
        }
    }

    /// Literals whose type nothing has decided become text.
    func resolved(_ expression: Expr, at: Int) throws(SQLError) -> Expr {
        guard expression.type.kind == .unknown else { return expression }
        return try convertImplicitly(expression, to: .text, at: at)
    }

    /// The plan with literals of unknown type as text.
    func withKnownTypes(_ plan: LogicalPlan, at: Int) throws(SQLError) -> LogicalPlan {
        guard plan.fields.contains(where: { $0.type.kind == .unknown }) else { return plan }
        var list: [Expr] = []
        var fields = plan.fields
        for index in fields.indices {
            if fields[index].type.kind == .unknown { fields[index].type = .text }
            list.append(.column(index, fields[index].type))
        }
        // Literals become text where they stand.
        if case .project(let input, let items, _) = plan {
            var typed: [Expr] = []
            for item in items { typed.append(try resolved(item, at: at)) }
            return .project(input, typed, fields)
        }
        return .project(plan, list, fields)
    }

    /// Two expressions that `=` compares, in one physical type.
    func samePhysical(_ left: Expr, _ right: Expr, at: Int) throws(SQLError) -> (Expr, Expr) {
        if left.type.physical == right.type.physical { return (left, right) }
        if let type = OverloadResolution.commonType([left.type, right.type]) {
            return (
                try convertImplicitly(left, to: type, at: at),
                try convertImplicitly(right, to: type, at: at)
            )
        }
        throw SQLError(
            .datatypeMismatch, "cannot compare \(left.type.name) and \(right.type.name)",
            position: position(at))
    }

    /// The value of an expression without columns: what EXECUTE gives parameter `number`.
    /// - Throws: 42804, what the expression fails with.
    package func argument(_ node: Expression, number: Int, as type: DataType) throws(SQLError)
        -> Value
    {
        let binder = ExpressionBinder(
            binder: self, scope: Scope(), forbidsAggregates: "EXECUTE parameters")
        let value = try binder.bind(node)
        return try Folding.value(
            of: try convert(value, to: type, .assignment, at: node.at) {
                SQLError(
                    .datatypeMismatch,
                    "parameter $\(number) of type \(value.type.name) cannot be coerced to the "
                        + "expected type \(type.name)",
                    hint: "You will need to rewrite or cast the expression.",
                    position: position(node.at))
            })
    }

    /// A type as written. - Throws: 42704 for an unknown one, 0A000 for one to come.
    package func type(_ name: TypeName) throws(SQLError) -> DataType {
        let later: Set<String> = [
            "timetz", "bit", "money", "inet", "cidr", "xml", "point",
        ]
        if later.contains(name.name) {
            throw SQLError.unsupported("type \(name.name)", at: position(name.at))
        }
        guard let type = DataType.named(name.name) else {
            throw SQLError(
                .undefinedObject, "type \"\(name.name)\" does not exist",
                position: position(name.at))
        }
        if name.isArray {
            var element = name
            element.isArray = false
            let bound = try self.type(element)
            return .array(of: bound.kind, modifier: bound.modifier)
        }
        switch type.kind {
        case .varchar, .bpchar: return try textType(name, type)
        case .timestamp, .timestamptz, .time:
            // More digits than six are six, with a warning in PostgreSQL.
            guard let digits = name.modifiers.first else { return type }
            return DataType(type.kind, modifier: Int32(clamping: min(digits, 6)))
        case .interval:
            guard
                let modifier = IntervalFields.modifier(
                    fields: name.fields, digits: name.modifiers.first)
            else {
                throw SQLError(
                    .syntaxError, "no such fields of an interval", position: position(name.at))
            }
            return DataType(.interval, modifier: modifier)
        case .float8:
            guard let bits = name.modifiers.first else { return type }
            guard (1...53).contains(bits) else {
                throw SQLError(
                    .invalidParameterValue,
                    bits < 1
                        ? "precision for type float must be at least 1 bit"
                        : "precision for type float must be less than 54 bits",
                    position: position(name.at))
            }
            return bits <= 24 ? .float4 : .float8
        case .numeric: return try numericType(name)
        default: return type
        }
    }

    /// varchar(n) and char(n).
    private func textType(_ name: TypeName, _ type: DataType) throws(SQLError) -> DataType {
        // char alone is char(1).
        guard
            let length = name.modifiers.first
                ?? (name.name == "bpchar" || type.kind == .varchar ? nil : 1)
        else { return type }
        guard length >= 1 else {
            throw SQLError(
                .invalidParameterValue,
                "length for type \(type.kind == .varchar ? "varchar" : "char") must be at least 1",
                position: position(name.at))
        }
        guard length <= 10_485_760 else {
            throw SQLError(
                .invalidParameterValue,
                "length for type \(type.kind == .varchar ? "varchar" : "char") cannot exceed 10485760",
                position: position(name.at))
        }
        return DataType(type.kind, modifier: Int32(length) + 4)
    }

    private func numericType(_ name: TypeName) throws(SQLError) -> DataType {
        guard let precision = name.modifiers.first else { return .numeric }
        let scale = name.modifiers.count > 1 ? name.modifiers[1] : 0
        guard precision >= 1, precision <= 1000 else {
            throw SQLError(
                .invalidParameterValue, "NUMERIC precision \(precision) must be between 1 and 1000",
                position: position(name.at))
        }
        guard scale >= -1000, scale <= 1000 else {
            throw SQLError(
                .invalidParameterValue,
                "NUMERIC scale \(scale) must be between -1000 and 1000",
                position: position(name.at))
        }
        return DataType(.numeric, modifier: Int32(precision << 16 | (scale & 0x7FF)) + 4)
    }
}
