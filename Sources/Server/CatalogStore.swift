import Platform
import Planner
import State
import Synchronization
import Types

/// The newest catalog, and the only writer of it. What it says is in the metadata store.
final class CatalogStore: Sendable {
    private let metadata: MetadataStore
    private let current: Mutex<Catalog>
    private static let prefix = "catalog/"
    private static let schemaPrefix = "schema/"
    private static let nextKey = "catalog-next"

    init(_ metadata: MetadataStore) throws {
        self.metadata = metadata
        var catalog = Catalog()
        catalog.put(DeadLetterStore.relation)
        catalog.put(WatermarkStore.relation)
        for (_, value) in metadata.entries(prefix: CatalogStore.prefix) {
            catalog.put(try CatalogObject(decoding: value))
        }
        for (key, value) in metadata.entries(prefix: CatalogStore.schemaPrefix) {
            if let oid = Int32(String(decoding: value, as: UTF8.self)) {
                catalog.putSchema(String(key.dropFirst(CatalogStore.schemaPrefix.count)), oid)
            }
        }
        if let value = metadata.value(CatalogStore.nextKey),
            let next = Int32(String(decoding: value, as: UTF8.self))
        {
            catalog.reserve(below: next)
        }
        current = Mutex(catalog)
    }

    var catalog: Catalog { current.withLock { $0 } }

    /// A fresh object identifier.
    func newOID() -> Int32 {
        current.withLock { catalog in
            let oid = catalog.nextOID
            catalog.reserve(below: oid + 1)
            return oid
        }
    }

    /// Keeps the numbers that have been given away from being given to others after a crash: for what is
    /// written under a number before its object is. - Returns: as `add`.
    func keepOIDs() -> Int64 {
        let next = current.withLock { $0.nextOID }
        return metadata.write([(CatalogStore.nextKey, Array(String(next).utf8))])
    }

    /// Adds objects for everybody, or puts them in the place of those that they were; all or none of
    /// them are there after a crash. - Returns: the metadata position that must become durable.
    func add(_ objects: CatalogObject...) -> Int64 {
        current.withLock { catalog in for object in objects { catalog.put(object) } }
        let next = catalog.nextOID
        return metadata.write(
            objects.map { (CatalogStore.prefix + String($0.oid), $0.encoded) } + [
                (CatalogStore.nextKey, Array(String(next).utf8))
            ])
    }

    /// - Returns: the metadata position that must become durable.
    func addSchema(_ name: String) -> Int64 {
        let oid = newOID()
        current.withLock { $0.putSchema(name, oid) }
        return metadata.write([
            (CatalogStore.schemaPrefix + name, Array(String(oid).utf8)),
            (CatalogStore.nextKey, Array(String(oid + 1).utf8)),
        ])
    }

    func removeSchema(_ name: String) -> Int64 {
        current.withLock { $0.removeSchema(name) }
        return metadata.write([(CatalogStore.schemaPrefix + name, nil)])
    }

    /// Removes objects; `changed` are put in the place of those that they were, with them.
    func remove(_ oids: [Int32], changed: [CatalogObject] = []) -> Int64 {
        current.withLock { catalog in
            for oid in oids { catalog.remove(oid) }
            for object in changed { catalog.put(object) }
        }
        return metadata.write(
            oids.map { (CatalogStore.prefix + String($0), nil) }
                + changed.map { (CatalogStore.prefix + String($0.oid), $0.encoded) })
    }
}
