package import Types

/// An immutable snapshot of all names: binding against one cannot see half a change.
package struct Catalog: Sendable {
    package private(set) var objects: [Int32: CatalogObject] = [:]
    private var oids: [String: Int32] = [:]
    /// Raised by every change.
    package private(set) var version: Int64 = 0
    package private(set) var nextOID: Int32 = 16384
    package static let schemas = ["public", "pg_catalog", "information_schema", "streamhouse"]

    /// The system relations and nothing else.
    package init() {
        for relation in SystemCatalog.relations + SystemCatalog.empty { put(relation) }
    }

    private static func key(_ schema: String, _ name: String) -> String { "\(schema)\u{0}\(name)" }

    package mutating func put(_ object: CatalogObject) {
        objects[object.oid] = object
        oids[Catalog.key(object.schema, object.name)] = object.oid
        if object.oid >= nextOID { nextOID = object.oid + 1 }
        version += 1
    }

    package mutating func remove(_ oid: Int32) {
        guard let object = objects.removeValue(forKey: oid) else { return }
        oids[Catalog.key(object.schema, object.name)] = nil
        version += 1
    }

    /// Skips identifiers that were used before a restart.
    package mutating func reserve(below oid: Int32) { nextOID = max(nextOID, oid) }

    package func find(schema: String, name: String) -> CatalogObject? {
        oids[Catalog.key(schema, name)].flatMap { objects[$0] }
    }

    /// The relation a name stands for: `schema.name`, or the first on the search path (pg_catalog
    /// comes before it, as in PostgreSQL).
    package func find(_ parts: [String]) -> CatalogObject? {
        if parts.count == 1 {
            for schema in ["pg_catalog", "public"] {
                if let found = find(schema: schema, name: parts[0]) { return found }
            }
            return nil
        }
        return find(schema: parts[parts.count - 2], name: parts[parts.count - 1])
    }

    /// - Throws: 42P01.
    package func resolve(_ name: QualifiedName, position: Int?) throws(SQLError) -> CatalogObject {
        if let found = find(name.parts) { return found }
        throw SQLError(
            .undefinedTable, "relation \"\(name.parts.joined(separator: "."))\" does not exist",
            position: position)
    }

    /// Objects that read `oid`, directly or through others, nearest first.
    package func dependents(of oid: Int32) -> [CatalogObject] {
        var found: [CatalogObject] = []
        var queue = [oid]
        while !queue.isEmpty {
            let next = queue.removeFirst()
            for object in userObjects where object.dependsOn.contains(next) {
                if !found.contains(where: { $0.oid == object.oid }) {
                    found.append(object)
                    queue.append(object.oid)
                }
            }
        }
        return found
    }

    /// Everything that users have made, by identifier.
    package var userObjects: [CatalogObject] {
        objects.values.filter { $0.kind != .system }.sorted { $0.oid < $1.oid }
    }

    package var allObjects: [CatalogObject] { objects.values.sorted { $0.oid < $1.oid } }
}
