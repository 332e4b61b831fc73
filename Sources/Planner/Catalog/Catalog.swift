package import Types

/// An immutable snapshot of all names: binding against one cannot see half a change.
package struct Catalog: Sendable {
    package private(set) var objects: [Int32: CatalogObject] = [:]
    private var oids: [String: Int32] = [:]
    /// Raised by every change.
    package private(set) var version: Int64 = 0
    package private(set) var nextOID: Int32 = 16384
    /// The indexes of primary keys and unique constraints: named by the constraint, and no objects
    /// of their own.
    package private(set) var keyIndexes: [Int32: CatalogObject] = [:]
    private var keyIndexOIDs: [String: Int32] = [:]
    /// Schemas that are there from the start, and their identifiers.
    static let builtIn: [(name: String, oid: Int32)] = [
        ("public", 2200), ("pg_catalog", 11), ("information_schema", 13000), ("streamhouse", 13001),
    ]
    /// Schemas that users have made.
    package private(set) var userSchemas: [String: Int32] = [:]
    /// Where names without a schema are looked for, in order.
    package var searchPath = ["public"]

    /// The system relations and nothing else.
    package init() {
        for relation in SystemRelation.all { put(relation) }
    }

    private static func key(_ schema: String, _ name: String) -> String { "\(schema)\u{0}\(name)" }

    /// Every schema with its identifier.
    package var schemas: [(name: String, oid: Int32)] {
        Catalog.builtIn + userSchemas.sorted { $0.value < $1.value }.map { ($0.key, $0.value) }
    }

    package func hasSchema(_ name: String) -> Bool { schemas.contains { $0.name == name } }

    package mutating func putSchema(_ name: String, _ oid: Int32) {
        userSchemas[name] = oid
        if oid >= nextOID { nextOID = oid + 1 }
        version += 1
    }

    package mutating func removeSchema(_ name: String) {
        userSchemas[name] = nil
        version += 1
    }

    /// Sets the path from the setting's text; `$user` stands for nobody's schema here.
    package mutating func setSearchPath(_ text: String) {
        searchPath = text.split(separator: ",").map { part in
            let name = part.trimming { $0 == " " }
            return name.hasPrefix("\"") ? String(name.dropFirst().dropLast()) : name.lowercased()
        }.filter { !$0.isEmpty && $0 != "$user" }
    }

    /// Where new relations go: the first schema of the path that there is.
    package var currentSchema: String? { searchPath.first(where: hasSchema) }

    package mutating func put(_ object: CatalogObject) {
        if let old = objects[object.oid] {
            oids[Catalog.key(old.schema, old.name)] = nil
            removeKeyIndexes(of: old)
        }
        objects[object.oid] = object
        for index in object.keyIndexes {
            keyIndexes[index.oid] = index
            keyIndexOIDs[Catalog.key(index.schema, index.name)] = index.oid
        }
        oids[Catalog.key(object.schema, object.name)] = object.oid
        if object.oid >= nextOID { nextOID = object.oid + 1 }
        version += 1
    }

    package mutating func remove(_ oid: Int32) {
        guard let object = objects.removeValue(forKey: oid) else { return }
        oids[Catalog.key(object.schema, object.name)] = nil
        removeKeyIndexes(of: object)
        version += 1
    }

    private mutating func removeKeyIndexes(of object: CatalogObject) {
        for index in object.keyIndexes {
            keyIndexes[index.oid] = nil
            keyIndexOIDs[Catalog.key(index.schema, index.name)] = nil
        }
    }

    /// Skips identifiers that were used before a restart.
    package mutating func reserve(below oid: Int32) { nextOID = max(nextOID, oid) }

    package func find(schema: String, name: String) -> CatalogObject? {
        oids[Catalog.key(schema, name)].flatMap { objects[$0] }
    }

    /// Whether a relation, or the index of a key, has the name.
    package func isTaken(schema: String, name: String) -> Bool {
        let key = Catalog.key(schema, name)
        return oids[key] != nil || keyIndexOIDs[key] != nil
    }

    /// The relation a name stands for: `schema.name`, or the first on the search path (pg_catalog
    /// comes before it, as in PostgreSQL).
    package func find(_ parts: [String]) -> CatalogObject? {
        if parts.count == 1 {
            let first = searchPath.contains("pg_catalog") ? [] : ["pg_catalog"]
            for schema in first + searchPath {
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

    /// The columns by which a relation's rows can be found: its primary key and its indexes.
    package func indexes(of oid: Int32) -> [[Int]] {
        guard let object = objects[oid] else { return [] }
        let key = object.primaryKey.isEmpty || object.kind == .index ? [] : [object.primaryKey]
        let named = userObjects.filter { $0.kind == .index && $0.ownerOID == oid }
        return key + named.map(\.indexed)
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

    // MARK: - What has a row in pg_class

    /// Everything that users have made and that pg_class lists: indexes of constraints as well.
    var userRelations: [CatalogObject] {
        userObjects + keyIndexes.values.sorted { $0.oid < $1.oid }
    }

    /// The relation of pg_class with this identifier.
    func relation(_ oid: Int32) -> CatalogObject? { objects[oid] ?? keyIndexes[oid] }

    /// The relation of pg_class that a name stands for.
    func relation(named parts: [String]) -> CatalogObject? {
        func found(_ schema: String, _ name: String) -> CatalogObject? {
            find(schema: schema, name: name)
                ?? keyIndexOIDs[Catalog.key(schema, name)].flatMap { keyIndexes[$0] }
        }
        guard let name = parts.last else { return nil }
        if parts.count > 1 { return found(parts[parts.count - 2], name) }
        return visibleSchemas.lazy.compactMap { found($0, name) }.first
    }

    /// The schemas that names without one are looked for in, in order, as far as they are there.
    var visibleSchemas: [String] {
        let path = searchPath.filter(hasSchema)
        return (path.contains("pg_catalog") ? [] : ["pg_catalog"]) + path
    }

    /// Whether the relation's name alone stands for it.
    func isVisible(_ object: CatalogObject) -> Bool {
        relation(named: [object.name])?.oid == object.oid
    }

    /// The identifier of a schema; 0 when there is none.
    func schemaOID(_ name: String) -> Int32 {
        Catalog.builtIn.first { $0.name == name }?.oid ?? userSchemas[name] ?? 0
    }
}

extension Substring {
    /// Without such characters at either end.
    fileprivate func trimming(_ isGone: (Character) -> Bool) -> String {
        var rest = self.drop(while: isGone)
        while let last = rest.last, isGone(last) { rest.removeLast() }
        return String(rest)
    }
}
