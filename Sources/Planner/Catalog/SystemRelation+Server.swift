import Types

/// Schemas, roles, databases, settings: what is there once for the whole server.
extension SystemRelation {
    @Sendable static func namespaces(_ reading: SystemReading) -> [Row] {
        reading.catalog.schemas.map { schema in
            let owner =
                schema.name == "public"
                ? SystemReading.databaseOwnerOID : SystemReading.ownerOID
            return [
                "oid": oid(schema.oid), "nspname": .string(schema.name), "nspowner": .int(owner),
            ]
        }
    }

    // MARK: - Roles

    @Sendable static func authorizations(_ reading: SystemReading) -> [Row] {
        reading.roles.map { role in
            let isUser = role.oid != SystemReading.databaseOwnerOID
            var row: Row = [
                "oid": .int(role.oid), "rolname": .string(role.name), "rolinherit": .bool(true),
                "rolconnlimit": .int(-1),
            ]
            let rights = [
                "rolsuper", "rolcreaterole", "rolcreatedb", "rolcanlogin", "rolreplication",
                "rolbypassrls",
            ]
            for right in rights { row[right] = .bool(isUser) }
            return row
        }
    }

    @Sendable static func roles(_ reading: SystemReading) -> [Row] {
        authorizations(reading).map { $0.merging(["rolpassword": .string("********")]) { $1 } }
    }

    @Sendable static func users(_ reading: SystemReading) -> [Row] {
        reading.roles.filter { $0.oid != SystemReading.databaseOwnerOID }.map { role in
            [
                "usename": .string(role.name), "usesysid": .int(role.oid),
                "usecreatedb": .bool(true), "usesuper": .bool(true), "userepl": .bool(true),
                "usebypassrls": .bool(true), "passwd": .string("********"),
            ]
        }
    }

    // MARK: - The database

    static let tablespaces: [Row] = [(1663, "pg_default"), (1664, "pg_global")].map {
        [
            "oid": .int($0), "spcname": .string($1), "spcowner": .int(SystemReading.ownerOID),
        ]
    }

    static let databaseOID: Int64 = 5

    @Sendable static func databases(_ reading: SystemReading) -> [Row] {
        [
            [
                "oid": .int(databaseOID), "datname": .string(reading.database),
                "datdba": .int(SystemReading.ownerOID), "encoding": .int(6),
                "datlocprovider": .string("c"), "datallowconn": .bool(true),
                "datconnlimit": .int(-1), "dattablespace": .int(1663), "datcollate": .string("C"),
                "datctype": .string("C"),
            ]
        ]
    }

    @Sendable static func settings(_ reading: SystemReading) -> [Row] {
        reading.settings.filter { !$0.key.contains(".") }.sorted { $0.key < $1.key }.map {
            [
                "name": .string($0.key), "setting": .string($0.value),
                "category": .string("Client Connection Defaults"), "short_desc": .string(""),
                "context": .string("user"), "vartype": .string("string"),
                "source": .string("default"), "boot_val": .string($0.value),
                "reset_val": .string($0.value), "pending_restart": .bool(false),
            ]
        }
    }

    /// The session that asks.
    @Sendable static func activity(_ reading: SystemReading) -> [Row] {
        [
            [
                "datid": .int(databaseOID), "datname": .string(reading.database),
                "pid": oid(reading.backendID),
                "usesysid": .int(
                    reading.roles.first { $0.name == reading.user }?.oid ?? SystemReading.ownerOID),
                "usename": .string(reading.user),
                "application_name": .string(reading.settings["application_name"] ?? ""),
                "state": .string("active"), "backend_type": .string("client backend"),
            ]
        ]
    }
}
