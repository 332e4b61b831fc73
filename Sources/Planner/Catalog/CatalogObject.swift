package import Types

/// A column of a relation.
package struct CatalogColumn: Hashable, Sendable {
    package var name: String
    package var type: DataType
    package var isNotNull: Bool
    /// The text of the expression that stands in for a value that is not given.
    package var defaultText: String?
    /// The text of the expression over the other columns that the column always is.
    package var generatedText: String?
    package var identity = ColumnDefinition.Identity.none

    package init(_ name: String, _ type: DataType, isNotNull: Bool = false) {
        self.name = name
        self.type = type
        self.isNotNull = isNotNull
    }
}

/// A named thing of the database.
package struct CatalogObject: Sendable {
    /// What kind of relation it is.
    package enum Kind: UInt8, Sendable {
        case table, source, view, materializedView, system, sequence, index
    }

    /// A condition that every row of a table meets.
    package struct Check: Hashable, Sendable {
        package var name: String
        package var text: String
    }

    /// Columns whose values together differ from row to row; rows with a NULL in them do not count.
    package struct Unique: Hashable, Sendable {
        package var name: String
        package var columns: [Int]
    }

    package var oid: Int32
    package var schema: String
    package var name: String
    package var kind: Kind
    package var columns: [CatalogColumn]
    /// Positions of the primary key's columns; empty when there is none.
    package var primaryKey: [Int] = []
    package var checks: [Check] = []
    package var uniques: [Unique] = []
    /// Of an index: the positions, in the relation that it is of, of its columns.
    package var indexed: [Int] { kind == .index ? primaryKey : [] }
    /// For an index, and for a sequence of a column: the relation that it goes with.
    package var ownerOID: Int32 = 0
    /// COMMENT ON: the relation's under 0, its columns' under their numbers from 1.
    package var comments: [Int32: String] = [:]
    /// A source's options, by name.
    package var options: [String: String] = [:]
    /// A view's query, as written.
    package var text = ""
    /// Relations that this one reads.
    package var dependsOn: [Int32] = []
    /// A system relation of something that we do not have.
    package var isAlwaysEmpty = false
    /// Of a system relation: whether PostgreSQL has it as a view.
    package var isSystemView = false
    /// The rows of a system relation, made when they are asked for.
    package var systemRows: (@Sendable (SystemReading) -> [[Value]])?

    package init(
        oid: Int32, schema: String, name: String, kind: Kind, columns: [CatalogColumn]
    ) {
        self.oid = oid
        self.schema = schema
        self.name = name
        self.kind = kind
        self.columns = columns
    }

    /// What the names in a view's text stood for when it was made.
    package var pinnedNames: [String: Int32] {
        get {
            var names: [String: Int32] = [:]
            for (key, value) in options where key.hasPrefix(CatalogObject.pinPrefix) {
                names[String(key.dropFirst(CatalogObject.pinPrefix.count))] = Int32(value)
            }
            return names
        }
        set {
            for (name, oid) in newValue { options[CatalogObject.pinPrefix + name] = String(oid) }
        }
    }

    private static let pinPrefix = "name/"

    /// The name of the primary key's constraint and index: what it was given when it was made.
    package var primaryKeyName: String {
        get { options[CatalogObject.keyOption] ?? MadeName.of(name, nil, "pkey") }
        set { options[CatalogObject.keyOption] = newValue }
    }

    private static let keyOption = "@key"

    /// Adds what a unique index of this name demands of the rows; it is no constraint to the catalog.
    package mutating func addUniqueIndex(_ name: String, _ columns: [Int]) {
        uniques.append(Unique(name: name, columns: columns))
        options[CatalogObject.uniquePrefix + name] = ""
    }

    package mutating func removeUniqueIndex(_ name: String) {
        guard isOfIndex(name) else { return }
        uniques.removeAll { $0.name == name }
        options[CatalogObject.uniquePrefix + name] = nil
    }

    /// Takes a UNIQUE or CHECK away; nothing happens when there is none of the name.
    package mutating func dropConstraint(_ name: String) {
        if !isOfIndex(name) { uniques.removeAll { $0.name == name } }
        checks.removeAll { $0.name == name }
    }

    /// Whether what is unique is so by an index of this name.
    func isOfIndex(_ name: String) -> Bool { options[CatalogObject.uniquePrefix + name] != nil }

    private static let uniquePrefix = "@unique/"

    /// Of an index: whether CREATE UNIQUE INDEX has made it.
    package var isUniqueIndex: Bool {
        get { options[CatalogObject.uniqueOption] != nil }
        set { options[CatalogObject.uniqueOption] = newValue ? "" : nil }
    }

    private static let uniqueOption = "@unique"

    /// Where a relation's rows come from, under these names in `options`; no option that a user
    /// gives begins so.
    package enum ConnectorKey {
        package static let format = "@format"
        package static let conflict = "@conflict"
        /// Before a column's name; its value is the part of a record that the column holds.
        package static let include = "@include/"
        package static let watermarkColumn = "@watermark/column"
        package static let watermarkText = "@watermark/text"
    }

    /// Whether the engine keeps its rows and a connector changes them (docs/design/0008).
    package var isFed: Bool {
        guard options["connector"] != nil else { return false }
        return kind == .table || kind == .source && options[ConnectorKey.format] != nil
    }

    package var fields: [Field] { columns.map { Field($0.name, $0.type) } }

    package var types: [DataType.Physical] { columns.map(\.type.physical) }

    /// The word that messages use for the kind.
    package var kindName: String {
        switch kind {
        case .table: "table"
        case .source: "source"
        case .view: "view"
        case .materializedView: "materialized view"
        case .system: "table"
        case .sequence: "sequence"
        case .index: "index"
        }
    }

    // MARK: - Bytes

    /// The object as it is kept in the metadata store; not for system relations.
    package var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(3))
        writer.write(oid)
        writer.writeText(schema)
        writer.writeText(name)
        writer.write(kind.rawValue)
        writer.write(Int32(columns.count))
        for column in columns {
            writer.writeText(column.name)
            writer.write(column.type.oid)
            writer.write(column.type.modifier)
            writer.write(column.isNotNull)
        }
        writer.write(Int32(primaryKey.count))
        for position in primaryKey { writer.write(Int32(position)) }
        writer.write(Int32(options.count))
        for (name, value) in options.sorted(by: { $0.key < $1.key }) {
            writer.writeText(name)
            writer.writeText(value)
        }
        writer.writeText(text)
        writer.write(Int32(dependsOn.count))
        for oid in dependsOn { writer.write(oid) }
        for column in columns {
            writer.writeText(column.defaultText ?? "")
            writer.writeText(column.generatedText ?? "")
            writer.write(column.identity.rawValue)
        }
        writer.write(Int32(checks.count))
        for check in checks {
            writer.writeText(check.name)
            writer.writeText(check.text)
        }
        writer.write(Int32(uniques.count))
        for unique in uniques {
            writer.writeText(unique.name)
            writer.write(Int32(unique.columns.count))
            for position in unique.columns { writer.write(Int32(position)) }
        }
        writer.write(ownerOID)
        writer.write(Int32(comments.count))
        for (number, text) in comments.sorted(by: { $0.key < $1.key }) {
            writer.write(number)
            writer.writeText(text)
        }
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(MalformedBytes) {
        var reader = ByteReader(bytes)
        let version = try reader.readUInt8()
        guard (1...3).contains(version) else { throw MalformedBytes("catalog entry version") }
        oid = try reader.readInt32()
        schema = try reader.readText()
        name = try reader.readText()
        guard let kind = Kind(rawValue: try reader.readUInt8()) else {
            throw MalformedBytes("catalog entry kind")
        }
        self.kind = kind
        columns = []
        for _ in 0..<(try reader.readCount(bytesEach: 13)) {
            let name = try reader.readText()
            guard let type = DataType.withOID(try reader.readInt32()) else {
                throw MalformedBytes("type of column \(name)")
            }
            var modifier = try reader.readInt32()
            // It was the number of a time zone once.
            if version < 3, type.kind == .timestamptz { modifier = -1 }
            columns.append(
                CatalogColumn(
                    name, DataType(type.kind, modifier: modifier, element: type.element),
                    isNotNull: try reader.readUInt8() != 0))
        }
        for _ in 0..<(try reader.readCount(bytesEach: 4)) {
            primaryKey.append(Int(try reader.readInt32()))
        }
        for _ in 0..<(try reader.readCount(bytesEach: 8)) {
            let name = try reader.readText()
            options[name] = try reader.readText()
        }
        text = try reader.readText()
        for _ in 0..<(try reader.readCount(bytesEach: 4)) {
            dependsOn.append(try reader.readInt32())
        }
        if version >= 2 { try readConstraints(&reader) }
    }

    private mutating func readConstraints(_ reader: inout ByteReader) throws(MalformedBytes) {
        for index in columns.indices {
            let (value, generated) = (try reader.readText(), try reader.readText())
            columns[index].defaultText = value.isEmpty ? nil : value
            columns[index].generatedText = generated.isEmpty ? nil : generated
            columns[index].identity =
                ColumnDefinition.Identity(rawValue: try reader.readUInt8()) ?? .none
        }
        for _ in 0..<(try reader.readCount(bytesEach: 8)) {
            checks.append(Check(name: try reader.readText(), text: try reader.readText()))
        }
        for _ in 0..<(try reader.readCount(bytesEach: 8)) {
            let name = try reader.readText()
            var positions: [Int] = []
            for _ in 0..<(try reader.readCount(bytesEach: 4)) {
                positions.append(Int(try reader.readInt32()))
            }
            uniques.append(Unique(name: name, columns: positions))
        }
        ownerOID = try reader.readInt32()
        for _ in 0..<(try reader.readCount(bytesEach: 8)) {
            let number = try reader.readInt32()
            comments[number] = try reader.readText()
        }
    }
}
