import Dataflow
import Types

/// The statements and clauses by which things could be made again.
enum DefinitionText {
    static func identifier(_ name: String) -> String {
        String(decoding: FormatFunction.identifier(Array(name.utf8)), as: UTF8.self)
    }

    /// The relation's name, with its schema when that is asked for or the name alone is another's.
    static func name(_ object: CatalogObject, _ catalog: Catalog, always: Bool = false) -> String {
        let name = identifier(object.name)
        if !always, catalog.isVisible(object) { return name }
        return identifier(object.schema) + "." + name
    }

    private static func columns(_ positions: [Int], of object: CatalogObject) -> String {
        positions.filter { object.columns.indices.contains($0) }
            .map { identifier(object.columns[$0].name) }.joined(separator: ", ")
    }

    /// CREATE INDEX; short of schemas that are not needed when it is to be read.
    static func index(_ index: CatalogObject, _ catalog: Catalog, isPretty: Bool = false) -> String
    {
        guard let table = catalog.objects[index.ownerOID] else { return "" }
        let isUnique = index.indexedConstraint != nil || index.isUniqueIndex
        let unique = isUnique ? "UNIQUE " : ""
        return "CREATE \(unique)INDEX \(identifier(index.name)) ON "
            + "\(name(table, catalog, always: !isPretty)) USING btree "
            + "(\(columns(index.indexed, of: table)))"
    }

    static func constraint(_ constraint: CatalogConstraint, of table: CatalogObject, isPretty: Bool)
        -> String
    {
        switch constraint.kind {
        case .primaryKey: return "PRIMARY KEY (\(columns(constraint.columns, of: table)))"
        case .unique: return "UNIQUE (\(columns(constraint.columns, of: table)))"
        case .check:
            return isPretty ? "CHECK (\(constraint.text))" : "CHECK ((\(constraint.text)))"
        }
    }

    /// The query of a view; of a source, which is shown as one, nothing.
    static func view(_ object: CatalogObject) -> String {
        object.text.isEmpty ? "" : " \(object.text);"
    }

    /// The column, from 1, that takes its values from a sequence.
    static func owner(of sequence: CatalogObject, _ catalog: Catalog) -> (
        column: Int, isIdentity: Bool
    )? {
        guard let table = catalog.objects[sequence.ownerOID] else { return nil }
        let index = table.columns.firstIndex {
            CatalogColumn.sequenceName($0.defaultText ?? "") == sequence.name
        }
        return index.map { ($0 + 1, table.columns[$0].identity != .none) }
    }
}

extension CatalogColumn {
    private static let sequencePrefix = "nextval('\""
    private static let sequenceSuffix = "\"'::regclass)"

    /// The sequence that the default of a column of its own draws from; nil for other defaults.
    static func sequenceName(_ text: String) -> String? {
        guard text.hasPrefix(sequencePrefix), text.hasSuffix(sequenceSuffix) else { return nil }
        let quoted = text.dropFirst(sequencePrefix.count).dropLast(sequenceSuffix.count)
        return String(quoted).replacing("''", with: "'").replacing("\"\"", with: "\"")
    }

    /// The text of its default or generation expression; an identity has none.
    var expressionText: String? { generatedText ?? (identity == .none ? defaultText : nil) }

    /// The same as PostgreSQL writes it, as far as it is a constant or a sequence's next value.
    func displayedExpression(_ catalog: Catalog) -> String? {
        guard let text = expressionText else { return nil }
        if generatedText != nil { return "(\(text))" }
        if let name = CatalogColumn.sequenceName(text) {
            let literal = DefinitionText.identifier(name).replacing("'", with: "''")
            return "nextval('\(literal)'::regclass)"
        }
        guard let expression = try? Parser.expression(text) else { return text }
        switch expression {
        case .literal(.string, _):
            return text + "::" + (type.kind == .bpchar ? "bpchar" : type.base.name)
        case .literal(.bool(let value), _): return value ? "true" : "false"
        case .literal(.null, _): return "NULL::" + type.name
        case .unary("-", .literal(.integer(let digits), _), _) where type.isNumber:
            return "'-\(digits)'::integer"
        case .call(let call) where call.arguments.isEmpty && !text.contains("("):
            return text.uppercased()
        default: return text
        }
    }
}

/// About how large relations are: what the engine knows is how many rows they have.
enum RelationSize {
    private static let pageBytes: Int64 = 8192
    private static let rowOverhead = 28

    static func pages(of object: CatalogObject, rows: Int) -> Int64 {
        guard rows > 0 else { return 0 }
        let width = object.columns.reduce(rowOverhead) { sum, column in
            sum + (column.type.wireLength > 0 ? Int(column.type.wireLength) : 32)
        }
        let bytes = Int64(rows).multipliedReportingOverflow(by: Int64(width)).partialValue
        return (bytes + pageBytes - 1) / pageBytes
    }

    static func bytes(of object: CatalogObject, rows: Int) -> Int64 {
        pages(of: object, rows: rows) * pageBytes
    }
}
