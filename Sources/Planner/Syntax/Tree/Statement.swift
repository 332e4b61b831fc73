package import Types

/// A statement as written.
package enum Statement: Sendable {
    case query(Query)
    case insert(Insert)
    case update(Update)
    case delete(Delete)
    case truncate([QualifiedName], restartsIdentity: Bool, cascade: Bool)
    case savepoint(String)
    case releaseSavepoint(String)
    case rollbackTo(String)
    case copy(Copy)
    case createTable(CreateTable)
    case createSource(CreateSource)
    case createView(CreateView)
    case createTopic(CreateTopic)
    case createSchema(String, ifNotExists: Bool)
    case rename(Drop.Kind, QualifiedName, to: String, ifExists: Bool)
    case renameColumn(QualifiedName, column: String, to: String, at: Int)
    /// ALTER TABLE … ADD UNIQUE.
    case addUnique(QualifiedName, UniqueConstraint, ifExists: Bool)
    case dropConstraint(QualifiedName, ConstraintDrop, ifExists: Bool)
    case setSchema(Drop.Kind, QualifiedName, to: String, ifExists: Bool)
    /// COMMENT ON a relation, or with a column on that.
    case comment(QualifiedName, column: String?, String?)
    case createSequence(QualifiedName, ifNotExists: Bool, SequenceOptions)
    case alterSequence(QualifiedName, ifExists: Bool, SequenceOptions)
    case createIndex(CreateIndex)
    case drop(Drop)
    /// BEGIN or START TRANSACTION, as the tag of its result says.
    case begin(TransactionModes, tag: String)
    case commit(at: Int, chains: Bool)
    case rollback(at: Int, chains: Bool)
    case setTransaction(TransactionModes, isSession: Bool)
    case set(name: String, value: String?, isLocal: Bool)
    case show(name: String)
    case reset(name: String?)
    case explain(Statement2, isAnalyze: Bool)
    /// EXPLAIN [ANALYZE] MATERIALIZED VIEW of a view that runs.
    case explainView(QualifiedName)
    /// PREPARE name (types) AS statement
    indirect case prepare(name: String, types: [TypeName], Statement)
    /// EXECUTE name (values)
    case execute(name: String, [Expression], at: Int)
    case deallocate(name: String?)
    case discard(DiscardKind)
    /// Parsed to its end, but not carried out yet.
    case unsupported(String, at: Int)

    /// What EXPLAIN can hold.
    package enum Statement2: Sendable {
        case query(Query)
        case createView(CreateView)
        case insert(Insert)
        case update(Update)
        case delete(Delete)
    }
}

extension Statement {
    /// INSERT, UPDATE or DELETE, or a query that locks rows.
    package var isChange: Bool {
        switch self {
        case .insert, .update, .delete: true
        case .query(let query): !query.locking.isEmpty
        default: false
        }
    }
}

/// A name of one or more parts.
package struct QualifiedName: Hashable, Sendable {
    package var parts: [String]
    package var at: Int

    package init(parts: [String], at: Int) {
        self.parts = parts
        self.at = at
    }

    package var last: String { parts.last ?? "" }
}

/// An expression that is kept with a definition, and its own text.
package struct StoredExpression: Sendable {
    package var expression: Expression
    package var text: String
}

/// A named condition that rows must meet; NULL is met.
package struct CheckConstraint: Sendable {
    package var name: String?
    package var condition: StoredExpression
}

/// Columns that must differ from row to row.
package struct UniqueConstraint: Sendable {
    package var name: String?
    package var columns: [(name: String, at: Int)]
}

/// A column of CREATE TABLE or CREATE SOURCE.
package struct ColumnDefinition: Sendable {
    /// Where values come from when none is given.
    package enum Identity: UInt8, Sendable { case none, byDefault, always }

    package var name: String
    package var type: TypeName
    package var isNotNull = false
    package var isPrimaryKey = false
    package var isUnique = false
    /// What CONSTRAINT calls the primary key and the unique constraint.
    package var primaryKeyName: String?
    package var uniqueName: String?
    package var defaultValue: StoredExpression?
    package var generated: StoredExpression?
    package var identity = Identity.none
    package var sequence = SequenceOptions()
    package var checks: [CheckConstraint] = []
    package var at: Int

    package init(name: String, type: TypeName, at: Int) {
        self.name = name
        self.type = type
        self.at = at
    }
}

/// CREATE TABLE as written.
package struct CreateTable: Sendable {
    package var name: QualifiedName
    package var elements: TableElements
    package var ifNotExists: Bool
    /// CREATE TABLE … AS: the query, its text and whether rows are wanted.
    package var source: (query: Query, columns: [String], withData: Bool)?
    package var connector = ConnectorClause()
}

/// Where rows come from: INCLUDE, ON CONFLICT, WITH (…), FORMAT and ENCODE.
package struct ConnectorClause: Sendable {
    /// INCLUDE what AS name.
    package struct Include: Sendable {
        package var part: String
        package var name: String?
        package var at: Int
    }

    package var includes: [Include] = []
    /// ON CONFLICT, in words: what two rows of one key mean.
    package var conflict: (policy: String, at: Int)?
    package var options: [OptionItem] = []
    package var format: String?
    package var encode: String?
}

/// What stands between the parentheses of CREATE TABLE and CREATE SOURCE.
package struct TableElements: Sendable {
    package var columns: [ColumnDefinition] = []
    package var primaryKey: [(name: String, at: Int)] = []
    /// What CONSTRAINT calls it.
    package var primaryKeyName: String?
    package var uniques: [UniqueConstraint] = []
    package var checks: [CheckConstraint] = []
    package var watermark: (column: String, expression: StoredExpression)?

    package init(columns: [ColumnDefinition] = []) { self.columns = columns }
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
    package var elements: TableElements
    package var connector: ConnectorClause
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

/// CREATE INDEX as written.
package struct CreateIndex: Sendable {
    /// nil: named after its columns.
    package var name: String?
    package var relation: QualifiedName
    package var columns: [(name: String, at: Int)]
    package var isUnique: Bool
    package var ifNotExists: Bool
}

/// ALTER TABLE … DROP CONSTRAINT.
package struct ConstraintDrop: Sendable {
    package var name: String
    package var ifExists: Bool
}

/// DROP as written.
package struct Drop: Sendable {
    /// What is dropped.
    package enum Kind: String, Sendable {
        case table, source, view
        case materializedView = "materialized view"
        case topic, index, schema, sequence
    }

    package var kind: Kind
    package var names: [QualifiedName]
    package var ifExists: Bool
    package var cascade: Bool
}

/// INSERT as written.
package struct Insert: Sendable {
    /// ON CONFLICT.
    package struct OnConflict: Sendable {
        package var target: [(name: String, at: Int)]
        package var constraint: String?
        /// nil: DO NOTHING.
        package var assignments: [Assignment]?
        package var condition: Expression?
        package var at: Int
    }

    package var table: QualifiedName
    package var alias: String?
    package var columns: [(name: String, at: Int)]
    /// nil: DEFAULT VALUES.
    package var query: Query?
    package var overridesSystemValue = false
    package var overridesUserValue = false
    package var onConflict: OnConflict?
    package var returning: [Select.Item]
    package var with: [Query.CommonTable] = []
}

/// COPY as written.
package struct Copy: Sendable {
    /// What is read or written.
    package enum Subject: Sendable {
        case table(QualifiedName, columns: [(name: String, at: Int)])
        case query(Query)
    }

    package var subject: Subject
    package var isFrom: Bool
    package var format = CopyFormat()
    package var forcedQuotes: [String] = []
}

/// column = expression; nil: DEFAULT.
package struct Assignment: Sendable {
    package var column: String
    package var value: Expression?
    package var at: Int
}

/// UPDATE as written.
package struct Update: Sendable {
    package var table: QualifiedName
    package var alias: String?
    package var assignments: [Assignment]
    package var from: [TableReference]
    package var condition: Expression?
    package var returning: [Select.Item]
    package var with: [Query.CommonTable] = []
}

/// DELETE as written.
package struct Delete: Sendable {
    package var table: QualifiedName
    package var alias: String?
    package var using: [TableReference]
    package var condition: Expression?
    package var returning: [Select.Item]
    package var with: [Query.CommonTable] = []

    init(table: QualifiedName, alias: String?, using: [TableReference], returning: [Select.Item]) {
        self.table = table
        self.alias = alias
        self.using = using
        self.returning = returning
    }

    /// Every row.
    package init(all table: QualifiedName) {
        self.init(table: table, alias: nil, using: [], returning: [])
    }
}

/// What DISCARD gives up, as its tag says it.
package enum DiscardKind: String, Sendable {
    case all = "ALL"
    case plans = "PLANS"
    case sequences = "SEQUENCES"
    case temporary = "TEMP"
}
