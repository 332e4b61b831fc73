package import Types

/// Where the values of sequences come from; remembers what it has given to its session.
package protocol SequenceSource: Sendable {
    /// - Throws: 2200H behind its last value.
    func next(_ sequence: CatalogObject) throws(SQLError) -> Int64
    /// What `next` gave last; nil when it was not asked yet.
    func current(_ sequence: Int32) -> Int64?
    var last: Int64? { get }
    func set(_ sequence: CatalogObject, _ value: Int64, isCalled: Bool) throws(SQLError)
}

/// Where set_config() puts its values; the session takes them when the statement is done.
package protocol SettingWriter: Sendable {
    /// - Returns: the value as it is from now on.
    /// - Throws: 42704, 55P02 or 22023.
    func set(_ name: String, _ value: String?, isLocal: Bool) throws(SQLError) -> String
}

/// What a statement's meaning depends on beside its text and the catalog.
package struct SessionContext: Sendable {
    package var user: String
    package var database: String
    package var catalog: Catalog
    /// The values of settings, by lower-case name.
    package var settings: [String: String]
    /// Microseconds since 2000-01-01 at which the transaction began.
    package var now: Int64
    package var backendID: Int32
    /// nil where values cannot be drawn: in views.
    package var sequences: (any SequenceSource)?
    /// nil where settings cannot be changed.
    package var settingWriter: (any SettingWriter)?
    /// About how many rows a relation has; nil where nobody counts.
    package var rowCount: @Sendable (Int32) -> Int? = { _ in nil }
    /// Microseconds since 2000-01-01 at which the server began.
    package var serverStart: Int64 = 0

    package init(
        user: String, database: String, catalog: Catalog, settings: [String: String], now: Int64,
        backendID: Int32
    ) {
        self.user = user
        self.database = database
        var visible = catalog
        if let path = settings["search_path"] { visible.setSearchPath(path) }
        self.catalog = visible
        self.settings = settings
        self.now = now
        self.backendID = backendID
    }
}

/// The parameters of a statement: their types, and their values once they are bound.
package struct Parameters: Sendable {
    package var types: [DataType]
    package var values: [Value]?

    package init(types: [DataType] = [], values: [Value]? = nil) {
        self.types = types
        self.values = values
    }
}
