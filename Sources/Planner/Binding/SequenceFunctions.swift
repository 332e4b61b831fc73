import Types

/// nextval and its kin.
enum SequenceFunctions {
    static let all: [SessionFunction] = [
        SessionFunction("nextval", [regclass], .int8) { (context, values) throws(SQLError) in
            let (source, object) = try sequence(values[0], context)
            return .int(try source.next(object))
        },
        SessionFunction("currval", [regclass], .int8) { (context, values) throws(SQLError) in
            let (source, object) = try sequence(values[0], context)
            guard let value = source.current(object.oid) else {
                throw SQLError(
                    .objectNotInPrerequisiteState,
                    "currval of sequence \"\(object.name)\" is not yet defined in this session")
            }
            return .int(value)
        },
        SessionFunction("lastval", [], .int8) { (context, _) throws(SQLError) in
            guard let value = context.sequences?.last else {
                throw SQLError(
                    .objectNotInPrerequisiteState, "lastval is not yet defined in this session")
            }
            return .int(value)
        },
        SessionFunction("setval", [regclass, .int8], .int8) { (context, values) throws(SQLError) in
            try set(values, context)
        },
        SessionFunction("setval", [regclass, .int8, .boolean], .int8) {
            (context, values) throws(SQLError) in
            try set(values, context)
        },
    ]

    private static let regclass = DataType(.regclass)

    private static func sequence(_ value: Value, _ context: SessionContext) throws(SQLError)
        -> (any SequenceSource, CatalogObject)
    {
        guard let oid = value.int, let sequences = context.sequences,
            let object = context.catalog.objects[Int32(truncatingIfNeeded: oid)]
        else { throw SQLError(.undefinedTable, "no such sequence") }
        guard object.kind == .sequence else {
            throw SQLError(.wrongObjectType, "\"\(object.name)\" is not a sequence")
        }
        return (sequences, object)
    }

    private static func set(_ values: [Value], _ context: SessionContext) throws(SQLError) -> Value
    {
        let (source, object) = try sequence(values[0], context)
        let definition = SequenceDefinition(of: object)
        guard let value = values[1].int else { return .null }
        guard value >= definition.minimum, value <= definition.maximum else {
            throw SQLError(
                .numericValueOutOfRange,
                "setval: value \(value) is out of bounds for sequence \"\(object.name)\" "
                    + "(\(definition.minimum)..\(definition.maximum))")
        }
        try source.set(object, value, isCalled: values.count == 2 || values[2] == .bool(true))
        return .int(value)
    }
}
