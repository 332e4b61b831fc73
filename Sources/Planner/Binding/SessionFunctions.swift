import Dataflow
import Types

/// Functions whose value is decided by the session or the catalog; refused in materialized views.
enum SessionFunctions {
    /// The bound call, or nil when there is no such function.
    static func bind(_ binder: ExpressionBinder, _ name: String, _ arguments: [Expr], _ at: Int)
        throws(SQLError) -> Expr?
    {
        let context = binder.binder.context
        if arguments.isEmpty, let value = constant(name, context) {
            if binder.binder.isForView {
                throw SQLError.unsupported(
                    "\(name) in a materialized view", at: binder.binder.position(at))
            }
            return value
        }
        let found =
            catalogFunction(name, arguments, context)
            ?? sequenceFunction(name, arguments.count, context)
        guard let function = found else { return nil }
        if binder.binder.isForView {
            throw SQLError.unsupported(
                "\(name) in a materialized view", at: binder.binder.position(at))
        }
        var converted: [Expr] = []
        for (index, argument) in arguments.enumerated() {
            let wanted = function.arguments[index]
            converted.append(
                try binder.binder.convert(argument, to: wanted, .explicit, at: at) {
                    SQLError(
                        .undefinedFunction,
                        "function \(name)(\(argument.type.name)) does not exist",
                        position: binder.binder.position(at))
                })
        }
        return .call(function, converted, function.result)
    }

    private static func constant(_ name: String, _ context: SessionContext) -> Expr? {
        switch name {
        case "version":
            return .constant(.string("PostgreSQL 15.0 (Streamhouse)"), .text)
        case "current_database", "current_catalog":
            return .constant(.string(context.database), .name)
        case "current_schema":
            return .constant(
                context.catalog.currentSchema.map { .string($0) } ?? .null, .name)
        case "current_user", "session_user", "user", "current_role":
            return .constant(.string(context.user), .name)
        case "pg_backend_pid": return .constant(.int(Int64(context.backendID)), .int4)
        case "pg_is_in_recovery": return .constant(.bool(false), .boolean)
        case "pg_my_temp_schema": return .constant(.int(0), .oid)
        default: return nil
        }
    }

    private static func make(
        _ name: String, _ arguments: [DataType], _ result: DataType,
        _ body: @escaping @Sendable ([Value]) throws(SQLError) -> Value
    ) -> ScalarFunction {
        FunctionRegistry.sessionFunction(name, arguments, result, body)
    }

    private static func catalogFunction(
        _ name: String, _ arguments: [Expr], _ context: SessionContext
    )
        -> ScalarFunction?
    {
        let catalog = context.catalog
        switch (name, arguments.count) {
        case ("pg_table_is_visible", 1), ("pg_type_is_visible", 1), ("pg_function_is_visible", 1),
            ("pg_opclass_is_visible", 1), ("pg_collation_is_visible", 1):
            return make(name, [.oid], .boolean) { values in
                guard let oid = values[0].int,
                    let object = catalog.objects[Int32(truncatingIfNeeded: oid)]
                else { return .bool(true) }
                return .bool(catalog.find([object.name])?.oid == object.oid)
            }
        case ("pg_get_userbyid", 1):
            return make(name, [.oid], .name) { _ in .string("streamhouse") }
        case ("format_type", 2):
            return make(name, [.oid, .int4], .text) { values in
                guard let oid = values[0].int,
                    let type = DataType.withOID(Int32(truncatingIfNeeded: oid))
                else { return .string("???") }
                let modifier = Int32(truncatingIfNeeded: values[1].int ?? -1)
                return .string(DataType(type.kind, modifier: modifier).name)
            }
        case ("pg_get_viewdef", 1), ("pg_get_viewdef", 2):
            let types: [DataType] = arguments.count == 1 ? [.oid] : [.oid, .boolean]
            return make(name, types, .text) { values in
                guard let oid = values[0].int,
                    let object = catalog.objects[Int32(truncatingIfNeeded: oid)]
                else { return .null }
                return .string(" " + object.text + ";")
            }
        case ("pg_get_expr", 2), ("pg_get_expr", 3):
            let types: [DataType] = arguments.count == 2 ? [.text, .oid] : [.text, .oid, .boolean]
            return make(name, types, .text) { $0[0] }
        case ("obj_description", 1), ("obj_description", 2), ("col_description", 2),
            ("shobj_description", 2):
            let types: [DataType] =
                arguments.count == 1 ? [.oid] : [.oid, name == "col_description" ? .int4 : .text]
            return make(name, types, .text) { values in
                guard let oid = values[0].int,
                    let object = catalog.objects[Int32(truncatingIfNeeded: oid)]
                else { return .null }
                let number = name == "col_description" ? values[1].int ?? 0 : 0
                let text = object.comments[Int32(truncatingIfNeeded: number)]
                return text.map { .string($0) } ?? .null
            }
        case ("pg_relation_is_publishable", 1):
            return make(name, [.oid], .boolean) { _ in .bool(false) }
        case ("pg_encoding_to_char", 1): return make(name, [.int4], .name) { _ in .string("UTF8") }
        case ("pg_table_size", 1), ("pg_total_relation_size", 1), ("pg_relation_size", 1):
            return make(name, [.oid], .int8) { _ in .int(0) }
        case ("current_setting", 1), ("current_setting", 2):
            let types: [DataType] = arguments.count == 1 ? [.text] : [.text, .boolean]
            let settings = context.settings
            return make(name, types, .text) { (values) throws(SQLError) in
                let key = (values[0].string ?? "").lowercased()
                if let value = settings[key] { return .string(value) }
                if values.count == 2, values[1] == .bool(true) { return .null }
                throw SQLError(.undefinedObject, "unrecognized configuration parameter \"\(key)\"")
            }
        case ("has_table_privilege", 2), ("has_schema_privilege", 2), ("has_database_privilege", 2):
            return make(name, [.text, .text], .boolean) { _ in .bool(true) }
        case ("pg_sleep", 1):
            return nil
        default: return nil
        }
    }

    private static func sequenceFunction(
        _ name: String, _ count: Int, _ context: SessionContext
    ) -> ScalarFunction? {
        let regclass = DataType(.regclass)
        let (catalog, sequences) = (context.catalog, context.sequences)
        @Sendable func find(_ value: Value) throws(SQLError) -> (any SequenceSource, CatalogObject)
        {
            guard let oid = value.int, let sequences,
                let object = catalog.objects[Int32(truncatingIfNeeded: oid)]
            else { throw SQLError(.undefinedTable, "no such sequence") }
            guard object.kind == .sequence else {
                throw SQLError(.wrongObjectType, "\"\(object.name)\" is not a sequence")
            }
            return (sequences, object)
        }
        switch (name, count) {
        case ("nextval", 1):
            return make(name, [regclass], .int8) { (values) throws(SQLError) in
                let (source, object) = try find(values[0])
                return .int(try source.next(object.oid))
            }
        case ("currval", 1):
            return make(name, [regclass], .int8) { (values) throws(SQLError) in
                let (source, object) = try find(values[0])
                guard let value = source.current(object.oid) else {
                    throw SQLError(
                        .objectNotInPrerequisiteState,
                        "currval of sequence \"\(object.name)\" is not yet defined in this session")
                }
                return .int(value)
            }
        case ("lastval", 0):
            return make(name, [], .int8) { (_) throws(SQLError) in
                guard let value = sequences?.last else {
                    throw SQLError(
                        .objectNotInPrerequisiteState,
                        "lastval is not yet defined in this session")
                }
                return .int(value)
            }
        case ("setval", 2), ("setval", 3):
            let types = [regclass, .int8] + (count == 3 ? [.boolean] : [])
            return make(name, types, .int8) { (values) throws(SQLError) in
                let (source, object) = try find(values[0])
                guard let value = values[1].int, value >= 1 else {
                    throw SQLError(
                        .numericValueOutOfRange,
                        "setval: value is out of bounds for sequence \"\(object.name)\"")
                }
                try source.set(
                    object.oid, value, isCalled: values.count == 2 || values[2] == .bool(true))
                return .int(value)
            }
        default: return nil
        }
    }

    static func regclassFromText(_ binder: ExpressionBinder, _ value: Expr) throws(SQLError) -> Expr
    {
        let catalog = binder.binder.catalog
        let function = make("to_regclass_strict", [.text], DataType(.regclass)) {
            (values) throws(SQLError) in
            let parts = (values[0].string ?? "").split(separator: ".").map(String.init)
            return .int(
                Int64(try catalog.resolve(QualifiedName(parts: parts, at: 0), position: nil).oid))
        }
        return .call(function, [value], DataType(.regclass))
    }

    static func textFromRegclass(_ binder: ExpressionBinder, _ value: Expr) throws(SQLError) -> Expr
    {
        let catalog = binder.binder.catalog
        let function = make("regclass_name", [DataType(.regclass)], .text) { values in
            let oid = Int32(truncatingIfNeeded: values[0].int ?? 0)
            return .string(catalog.objects[oid]?.name ?? String(oid))
        }
        return .call(function, [value], .text)
    }
}
