import Types

/// What the rows of system relations are made from.
package struct SystemReading: Sendable {
    package let catalog: Catalog
    /// The values of the session's settings, by lower-case name.
    package let settings: [String: String]
    package let user: String
    package let database: String
    package let backendID: Int32
    /// About how many rows a relation has; nil where nobody counts.
    package let rowCount: @Sendable (Int32) -> Int?

    package init(_ context: SessionContext) {
        catalog = context.catalog
        settings = context.settings
        user = context.user
        database = context.database
        backendID = context.backendID
        rowCount = context.rowCount
    }

    /// The users that there are: the owner of everything, and whoever asks.
    var roles: [(name: String, oid: Int64)] { SystemReading.roles(user) }

    static func roles(_ user: String) -> [(name: String, oid: Int64)] {
        var list: [(name: String, oid: Int64)] = [
            (owner, ownerOID), ("pg_database_owner", databaseOwnerOID),
        ]
        if !list.contains(where: { $0.name == user }) { list.append((user, 16)) }
        return list
    }

    static let owner = "streamhouse"
    static let ownerOID: Int64 = 10
    /// The owner of the schema public.
    static let databaseOwnerOID: Int64 = 6171
}

/// The identifiers of what belongs to a relation and is no object of its own: derived from the
/// relation's, above those of all objects.
enum DerivedIdentifier {
    private static let firstObject: Int32 = 16384
    /// How many identifiers there are of each sort.
    private static let space: Int32 = 1 << 28

    private static func make(_ area: Int32, _ oid: Int32, _ number: Int, each: Int32) -> Int32 {
        let place = (oid &- firstObject) &* each &+ Int32(truncatingIfNeeded: number)
        return (1 << 30) + area * space + (place & (space - 1))
    }

    /// The index of a key: number 0 is the primary key's.
    static func index(_ relation: Int32, _ number: Int) -> Int32 {
        make(0, relation, number, each: 128)
    }

    /// A constraint: keys as above, checks behind them.
    static func constraint(_ relation: Int32, _ number: Int) -> Int32 {
        make(1, relation, number, each: 128)
    }

    /// The default or generation expression of a column.
    static func expression(_ relation: Int32, column: Int) -> Int32 {
        make(2, relation, column, each: 2048)
    }

    /// The rule that a view is.
    static func rule(_ relation: Int32) -> Int32 { make(3, relation, 0, each: 1) }
}

/// A constraint of a relation, as pg_constraint has it.
struct CatalogConstraint {
    enum Kind: String { case primaryKey = "p", unique = "u", check = "c" }

    let oid: Int32
    let name: String
    let kind: Kind
    let columns: [Int]
    /// A check's condition.
    var text = ""
    /// A key's index.
    var index: Int32 = 0
}

extension CatalogObject {
    /// Its keys and checks, in the order in which it has them.
    var constraints: [CatalogConstraint] {
        guard kind != .index else { return [] }
        var list: [CatalogConstraint] = []
        // Those of unique indexes are none to the catalog.
        let keys = keys.filter { !isOfIndex($0.name) }
        for (number, key) in keys.enumerated() {
            let place = primaryKey.isEmpty ? number + 1 : number
            var constraint = CatalogConstraint(
                oid: DerivedIdentifier.constraint(oid, place), name: key.name,
                kind: place == 0 ? .primaryKey : .unique, columns: key.columns)
            constraint.index = DerivedIdentifier.index(oid, place)
            list.append(constraint)
        }
        for check in checks {
            list.append(
                CatalogConstraint(
                    oid: DerivedIdentifier.constraint(oid, keys.count + 1 + list.count),
                    name: check.name, kind: .check, columns: columnsNamed(in: check.text),
                    text: check.text))
        }
        return list
    }

    /// The columns that a condition names.
    private func columnsNamed(in text: String) -> [Int] {
        guard let tokens = try? Lexer.tokens(text) else { return [] }
        var names: Set<String> = []
        for token in tokens {
            switch token.kind {
            case .word(let name), .quoted(let name): names.insert(name)
            default: break
            }
        }
        return columns.indices.filter { names.contains(columns[$0].name) }
    }

    /// The indexes of its keys.
    var keyIndexes: [CatalogObject] {
        constraints.filter { $0.index != 0 }.map { constraint in
            var index = CatalogObject(
                oid: constraint.index, schema: schema, name: constraint.name, kind: .index,
                columns: constraint.columns.map { columns[$0] })
            index.primaryKey = constraint.columns
            index.ownerOID = oid
            index.options = [CatalogObject.indexOption: constraint.kind.rawValue]
            return index
        }
    }

    private static let indexOption = "@constraint"

    /// Of an index: what constraint it is the index of.
    var indexedConstraint: CatalogConstraint.Kind? {
        options[CatalogObject.indexOption].flatMap { CatalogConstraint.Kind(rawValue: $0) }
    }
}
