/// A statement as written.
package enum Statement: Sendable {
    case query(Query)
    case insert(Insert)
    case createTable(CreateTable)
    case createSource(CreateSource)
    case createView(CreateView)
    case createTopic(CreateTopic)
    case drop(Drop)
    case begin
    case commit(at: Int)
    case rollback(at: Int)
    case set(name: String, value: String?, isLocal: Bool)
    case show(name: String)
    case reset(name: String?)
    case explain(Statement2, isAnalyze: Bool)
    case deallocate(name: String?)
    case discard
    /// Parsed to its end, but not carried out yet.
    case unsupported(String, at: Int)

    /// What EXPLAIN can hold.
    package enum Statement2: Sendable {
        case query(Query)
        case createView(CreateView)
        case insert(Insert)
    }
}

/// A name of one or more parts.
package struct QualifiedName: Hashable, Sendable {
    package var parts: [String]
    package var at: Int

    package var last: String { parts.last ?? "" }
}

/// A column of CREATE TABLE or CREATE SOURCE.
package struct ColumnDefinition: Sendable {
    package var name: String
    package var type: TypeName
    package var isNotNull: Bool
    package var isPrimaryKey: Bool
    package var at: Int
}

/// CREATE TABLE as written.
package struct CreateTable: Sendable {
    package var name: QualifiedName
    package var columns: [ColumnDefinition]
    package var primaryKey: [(name: String, at: Int)]
    package var ifNotExists: Bool
}

/// name = value of a WITH list.
package struct OptionItem: Sendable {
    package var name: String
    package var value: String
    package var at: Int
}

/// CREATE SOURCE as written.
package struct CreateSource: Sendable {
    package var name: QualifiedName
    package var columns: [ColumnDefinition]
    package var watermark: (column: String, expression: Expression)?
    package var options: [OptionItem]
    package var format: String?
    package var encode: String?
    package var ifNotExists: Bool
}

/// CREATE [MATERIALIZED] VIEW as written.
package struct CreateView: Sendable {
    package var name: QualifiedName
    package var columns: [String]
    package var query: Query
    /// The query's own text, for the catalog.
    package var text: String
    package var isMaterialized: Bool
    package var orReplace: Bool
    package var ifNotExists: Bool
    package var options: [OptionItem]
}

/// CREATE TOPIC as written.
package struct CreateTopic: Sendable {
    package var name: QualifiedName
    package var options: [OptionItem]
    package var ifNotExists: Bool
}

/// DROP as written.
package struct Drop: Sendable {
    /// What is dropped.
    package enum Kind: String, Sendable {
        case table, source, view
        case materializedView = "materialized view"
        case topic, index, schema
    }

    package var kind: Kind
    package var names: [QualifiedName]
    package var ifExists: Bool
    package var cascade: Bool
}

/// INSERT as written.
package struct Insert: Sendable {
    package var table: QualifiedName
    package var columns: [(name: String, at: Int)]
    package var query: Query
    package var hasReturning: Bool
    package var hasOnConflict: Bool
}
