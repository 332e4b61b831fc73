import Connectors
import Platform
import Planner
import Synchronization
import Types

/// CREATE SOURCE and CREATE TABLE … WITH (connector …).
extension Session {
    func createSource(_ statement: CreateSource, _ text: String) async throws(SQLError)
        -> StatementResult
    {
        try await createFed(
            .source, statement.name, ifNotExists: statement.ifNotExists, statement.elements,
            statement.connector, text)
    }

    /// A source, or a table whose rows a connector brings.
    func createFed(
        _ kind: CatalogObject.Kind, _ given: QualifiedName, ifNotExists: Bool,
        _ elements: TableElements, _ clause: ConnectorClause, _ text: String
    ) async throws(SQLError) -> StatementResult {
        try await defining { () throws(SQLError) in
            var result = StatementResult(tag: kind == .table ? "CREATE TABLE" : "CREATE SOURCE")
            guard let (schema, name) = try newName(given, ifNotExists: ifNotExists, &result) else {
                return result
            }
            try await addFed(kind, schema, name, elements, clause, text)
            return result
        }
    }

    private func addFed(
        _ kind: CatalogObject.Kind, _ schema: String, _ name: String, _ elements: TableElements,
        _ clause: ConnectorClause, _ text: String
    ) async throws(SQLError) {
        let binder = Binder(context: context(), text: text)
        var object = CatalogObject(
            oid: database.catalogStore.newOID(), schema: schema, name: name, kind: kind, columns: []
        )
        object.options = try Session.options(clause, kind)
        if object.options["connector"] == "nexmark" {
            object.options["created"] = String(WallClock.unixMicroseconds)
        }
        var elements = elements
        if object.options["connector"] == "nexmark", elements.columns.isEmpty {
            for (name, type) in try NexmarkSource.columns(object.options) {
                elements.columns.append(
                    ColumnDefinition(name: name, type: TypeName(type.name, at: 0), at: 0))
            }
        }
        try Session.include(clause.includes, &elements, &object.options)
        let bound = try binder.bind(elements, table: name)
        object.columns = bound.columns
        object.primaryKey = bound.primaryKey
        try Session.checkConstraints(bound)
        if object.columns.isEmpty {
            throw SQLError(
                .invalidTableDefinition, "a \(object.kindName) with a connector needs columns")
        }
        if let watermark = elements.watermark {
            object.options[CatalogObject.ConnectorKey.watermarkColumn] = watermark.column
            object.options[CatalogObject.ConnectorKey.watermarkText] = watermark.expression.text
        }
        try Session.checkKey(object)
        try Session.checkParts(object)
        if object.options["scan.startup.mode"] == "latest", let topic = object.options["topic"] {
            object.options["scan.startup.offsets"] = database.topics.endOffsets(topic)
                .map(String.init).joined(separator: ",")
            object.options["scan.startup.topic"] = database.topics.id(topic).map(String.init)
        }
        let mark = elements.watermark == nil ? nil : try binder.watermark(of: object)
        let created = object
        let reader = try database.makeReader(created)
        if !created.isFed { database.readers.withLock { $0[created.oid] = reader } }
        let _: Void = try await database.ask { .addSource(created, reader, watermark: mark, $0) }
        await database.metadataDurable(database.catalogStore.add(created))
    }

    private static func options(_ clause: ConnectorClause, _ kind: CatalogObject.Kind)
        throws(SQLError) -> [String: String]
    {
        var options: [String: String] = [:]
        for option in clause.options {
            // What is kept with the definition, and nobody's to say.
            if option.name.hasPrefix("@")
                || ["scan.startup.offsets", "scan.startup.topic", "watermark"].contains(option.name)
            {
                throw SQLError(
                    .invalidParameterValue, "unrecognized option \"\(option.name)\"",
                    position: option.at)
            }
            options[option.name] = option.value
        }
        let connector = options["connector"]
        guard connector == "kafka" || connector == "nexmark" else {
            throw SQLError(
                connector == nil ? .invalidParameterValue : .featureNotSupported,
                connector.map { "connector \"\($0)\" is not supported yet" }
                    ?? "option \"connector\" is missing",
                hint: "Use connector = 'kafka' or connector = 'nexmark'.")
        }
        let format = connector == "kafka" ? try format(clause) : .plain
        if kind == .table || format != .plain {
            options[CatalogObject.ConnectorKey.format] = format.rawValue
        }
        if let (policy, at) = clause.conflict {
            guard kind == .table, format == .plain else {
                throw SQLError(
                    .invalidTableDefinition,
                    "ON CONFLICT is for tables with FORMAT PLAIN: the records of FORMAT "
                        + "\(format.rawValue.uppercased()) say what becomes of a key",
                    position: at)
            }
            options[CatalogObject.ConnectorKey.conflict] = policy
        }
        return options
    }

    private static func format(_ clause: ConnectorClause) throws(SQLError) -> RecordFormat.Kind {
        guard let format = clause.format, let encode = clause.encode else {
            throw SQLError(
                .syntaxError, "a source over Kafka needs FORMAT and ENCODE",
                hint: "Say FORMAT PLAIN ENCODE JSON.")
        }
        guard let kind = RecordFormat.Kind(rawValue: format) else {
            throw SQLError.unsupported("FORMAT \(format.uppercased())")
        }
        guard encode == "json" else { throw SQLError.unsupported("ENCODE \(encode.uppercased())") }
        return kind
    }

    /// Rows of a connector do not pass through INSERT, which is where these belong.
    private static func checkConstraints(_ bound: BoundTable) throws(SQLError) {
        let hasValues = bound.columns.contains {
            $0.defaultText != nil || $0.generatedText != nil || $0.identity != .none
        }
        if !bound.checks.isEmpty || !bound.uniques.isEmpty || hasValues
            || !bound.sequenceColumns.isEmpty
        {
            throw SQLError.unsupported(
                "CHECK, UNIQUE, DEFAULT, serial and generated columns with a connector")
        }
    }

    /// Gives each INCLUDE its column: one that is declared, or one more.
    private static func include(
        _ includes: [ConnectorClause.Include], _ elements: inout TableElements,
        _ options: inout [String: String]
    ) throws(SQLError) {
        for include in includes {
            guard let part = RecordFormat.Part(rawValue: include.part) else {
                throw SQLError(
                    .featureNotSupported, "INCLUDE \(include.part) is not supported",
                    hint: "Use INCLUDE KEY, PARTITION, OFFSET or TIMESTAMP.", position: include.at)
            }
            let name = include.name ?? "_\(options["connector"] ?? "")_\(include.part)"
            if !elements.columns.contains(where: { $0.name == name }) {
                elements.columns.append(
                    ColumnDefinition(
                        name: name, type: TypeName(part.type.name, at: include.at), at: include.at))
            }
            options[CatalogObject.ConnectorKey.include + name] = include.part
        }
    }

    /// The record's part decides the type of its column.
    private static func checkParts(_ object: CatalogObject) throws(SQLError) {
        for (index, part) in object.recordFormat.parts
        where object.columns[index].type != part.type {
            throw SQLError(
                .datatypeMismatch,
                "column \"\(object.columns[index].name)\" must have type \(part.type.name) "
                    + "to hold the record's \(part.rawValue)")
        }
    }

    private static func checkKey(_ object: CatalogObject) throws(SQLError) {
        let kind = object.recordFormat.kind
        if kind == .plain {
            guard object.kind == .table || object.primaryKey.isEmpty else {
                throw SQLError.unsupported("PRIMARY KEY of a source with FORMAT PLAIN")
            }
            return
        }
        if object.primaryKey.isEmpty {
            throw SQLError(
                .invalidTableDefinition, "FORMAT \(kind.rawValue.uppercased()) needs a PRIMARY KEY",
                hint: "Name the columns that the record's key is made of.")
        }
    }
}

extension CatalogObject {
    /// How the records of its topic become rows.
    var recordFormat: RecordFormat {
        var parts: [Int: RecordFormat.Part] = [:]
        for (index, column) in columns.enumerated() {
            parts[index] = options[ConnectorKey.include + column.name].flatMap {
                RecordFormat.Part(rawValue: $0)
            }
        }
        return RecordFormat(
            kind: options[ConnectorKey.format].flatMap { .init(rawValue: $0) } ?? .plain,
            key: primaryKey,
            required: isFed ? columns.indices.filter { columns[$0].isNotNull } : [], parts: parts)
    }
}
