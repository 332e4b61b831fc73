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
        grouping: constants + settings + CatalogFunctions.all + DefinitionFunctions.all
            + PrivilegeFunctions.all + SequenceFunctions.all, by: \.name)

    /// The overload for arguments of these types: the one that most of them are of as they are.
    static func named(_ name: String, _ types: [DataType]) -> SessionFunction? {
        let overloads = (all[name] ?? []).filter { $0.arguments.count == types.count }
        func score(_ function: SessionFunction) -> Int {
            zip(function.arguments, types).reduce(0) { sum, pair in
                if pair.0.kind == pair.1.kind { return sum + 4 }
                if pair.1.kind == .unknown { return sum + (pair.0.kind == .text ? 2 : 1) }
                if pair.0.isString, pair.1.isString { return sum + 3 }
                let cast = CastFunctions.context(from: pair.1, to: pair.0)
                return sum + (cast == .implicit ? 2 : (cast == nil ? -8 : 0))
            }
        }
        var best: (function: SessionFunction, score: Int)?
        for function in overloads where score(function) > best?.score ?? Int.min {
            best = (function, score(function))
        }
        return best?.function
    }

    /// Every name, the grammar's forms included.
    static var names: [String] { all.keys.sorted() }

    /// The bound call, or nil when there is no such function.
    static func bind(_ binder: ExpressionBinder, _ name: String, _ arguments: [Expr], _ at: Int)
        throws(SQLError) -> Expr?
    {
        if name == "pg_typeof", arguments.count == 1 {
            // Decided by the type alone: a constant, in views as well.
            let oid = arguments[0].type.base.oid
            return .constant(.int(Int64(oid)), DataType(.regtype))
        }
        guard let function = named(name, arguments.map(\.type)) else { return nil }
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
            .constant("pg_client_encoding", .name) { _ in .string("UTF8") },
            .constant("getdatabaseencoding", .name) { _ in .string("UTF8") },
            .constant("pg_postmaster_start_time", .timestamptz) { .int($0.serverStart) },
            .constant("pg_conf_load_time", .timestamptz) { .int($0.serverStart) },
            .constant("pg_jit_available", .boolean) { _ in .bool(false) },
            .constant("pg_advisory_unlock_all", .void) { _ in .string("") },
            .constant("inet_client_addr", .text) { _ in .null },
            .constant("inet_client_port", .int4) { _ in .null },
            .constant("inet_server_addr", .text) { _ in .null },
            .constant("inet_server_port", .int4) { _ in .null },
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

    private static let settings: [SessionFunction] =
        readers + [
            SessionFunction("current_schemas", [.boolean], .array(of: .name)) { context, values in
                let catalog = context.catalog
                let named = catalog.searchPath.filter(catalog.hasSchema)
                let list = values[0] == .bool(true) ? catalog.visibleSchemas : named
                return .text(ArrayValue(list.map { .string($0) }).encoded(.name))
            },
            SessionFunction("set_config", [.text, .text, .boolean], .text, strict: false) {
                (context, values) throws(SQLError) in
                guard let name = values[0].string else {
                    throw SQLError(.nullValueNotAllowed, "SET requires parameter name")
                }
                guard let writer = context.settingWriter else {
                    throw SQLError.unsupported("set_config in this place")
                }
                let isLocal = values[2] == .bool(true)
                return .string(try writer.set(name, values[1].string, isLocal: isLocal))
            },
        ]

    private static let readers: [SessionFunction] = [[DataType.text], [.text, .boolean]].map {
        SessionFunction("current_setting", $0, .text) { (context, values) throws(SQLError) in
            let key = (values[0].string ?? "").lowercased()
            if let value = context.settings[key] { return .string(value) }
            if values.count == 2, values[1] == .bool(true) { return .null }
            throw SQLError(.undefinedObject, "unrecognized configuration parameter \"\(key)\"")
        }
    }
}
