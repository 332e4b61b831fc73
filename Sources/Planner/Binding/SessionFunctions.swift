import Dataflow
import Types

/// A function whose value is decided by the session or the catalog.
struct SessionFunction: Sendable {
    typealias Body = @Sendable (SessionContext, [Value]) throws(SQLError) -> Value

    let name: String
    let arguments: [DataType]
    let result: DataType
    /// NULL in any argument gives NULL.
    let isStrict: Bool
    /// Whether a statement has one value of it.
    let isConstant: Bool
    let body: Body

    init(
        _ name: String, _ arguments: [DataType], _ result: DataType, strict: Bool = true,
        _ body: @escaping Body
    ) {
        self.name = name
        self.arguments = arguments
        self.result = result
        isStrict = strict
        isConstant = false
        self.body = body
    }

    private init(constant name: String, _ result: DataType, _ body: @escaping Body) {
        self.name = name
        arguments = []
        self.result = result
        isStrict = true
        isConstant = true
        self.body = body
    }

    static func constant(
        _ name: String, _ result: DataType, _ value: @escaping @Sendable (SessionContext) -> Value
    ) -> SessionFunction {
        SessionFunction(constant: name, result) { context, _ in value(context) }
    }
}

/// Functions whose value is decided by the session or the catalog; refused in materialized views.
enum SessionFunctions {
    private static let all = Dictionary(
        grouping: constants + settings + CatalogFunctions.all + SequenceFunctions.all, by: \.name)

    /// The function with so many arguments: the session's functions differ in nothing else.
    static func named(_ name: String, _ count: Int) -> SessionFunction? {
        all[name]?.first { $0.arguments.count == count }
    }

    /// Every name, the grammar's forms included.
    static var names: [String] { all.keys.sorted() }

    /// The bound call, or nil when there is no such function.
    static func bind(_ binder: ExpressionBinder, _ name: String, _ arguments: [Expr], _ at: Int)
        throws(SQLError) -> Expr?
    {
        guard let function = named(name, arguments.count) else { return nil }
        if binder.binder.isForView {
            throw SQLError.unsupported(
                "\(name) in a materialized view", at: binder.binder.position(at))
        }
        let context = binder.binder.context
        if function.isConstant {
            return .constant(try function.body(context, []), function.result)
        }
        var converted: [Expr] = []
        for (argument, wanted) in zip(arguments, function.arguments) {
            converted.append(
                try binder.binder.convert(argument, to: wanted, .explicit, at: at) {
                    SQLError(
                        .undefinedFunction,
                        "function \(name)(\(argument.type.name)) does not exist",
                        position: binder.binder.position(at))
                })
        }
        return .call(scalar(function, context), converted, function.result)
    }

    /// The function as this statement's session sees it.
    private static func scalar(_ function: SessionFunction, _ context: SessionContext)
        -> ScalarFunction
    {
        let body = function.body
        return FunctionRegistry.sessionFunction(
            function.name, function.arguments, function.result, strict: function.isStrict
        ) { (values) throws(SQLError) in try body(context, values) }
    }

    private static let constants: [SessionFunction] = {
        var list: [SessionFunction] = [
            .constant("version", .text) { _ in .string("PostgreSQL 15.0 (Streamhouse)") },
            .constant("current_schema", .name) { context in
                context.catalog.currentSchema.map { .string($0) } ?? .null
            },
            .constant("pg_backend_pid", .int4) { .int(Int64($0.backendID)) },
            .constant("pg_is_in_recovery", .boolean) { _ in .bool(false) },
            .constant("pg_my_temp_schema", .oid) { _ in .int(0) },
        ]
        for name in ["current_database", "current_catalog"] {
            list.append(.constant(name, .name) { .string($0.database) })
        }
        for name in ["current_user", "session_user", "user", "current_role"] {
            list.append(.constant(name, .name) { .string($0.user) })
        }
        let moments = ["now", "transaction_timestamp", "statement_timestamp", "clock_timestamp"]
        for name in moments { list.append(.constant(name, .timestamptz) { .int($0.now) }) }
        return list
    }()

    private static let settings: [SessionFunction] = [[DataType.text], [.text, .boolean]].map {
        SessionFunction("current_setting", $0, .text) { (context, values) throws(SQLError) in
            let key = (values[0].string ?? "").lowercased()
            if let value = context.settings[key] { return .string(value) }
            if values.count == 2, values[1] == .bool(true) { return .null }
            throw SQLError(.undefinedObject, "unrecognized configuration parameter \"\(key)\"")
        }
    }

    static func regclassFromText(_ binder: ExpressionBinder, _ value: Expr) throws(SQLError) -> Expr
    {
        let regclass = DataType(.regclass)
        let function = SessionFunction("to_regclass_strict", [.text], regclass) {
            (context, values) throws(SQLError) in
            let parts = (values[0].string ?? "").split(separator: ".").map(String.init)
            let name = QualifiedName(parts: parts, at: 0)
            return .int(Int64(try context.catalog.resolve(name, position: nil).oid))
        }
        return .call(scalar(function, binder.binder.context), [value], regclass)
    }

    static func textFromRegclass(_ binder: ExpressionBinder, _ value: Expr) throws(SQLError) -> Expr
    {
        let function = SessionFunction("regclass_name", [DataType(.regclass)], .text) {
            context, values in
            let oid = Int32(truncatingIfNeeded: values[0].int ?? 0)
            return .string(context.catalog.objects[oid]?.name ?? String(oid))
        }
        return .call(scalar(function, binder.binder.context), [value], .text)
    }
}
