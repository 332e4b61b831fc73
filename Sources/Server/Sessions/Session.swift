import Dataflow
import Platform
import Planner
import State
import Types
import Wire

/// One client's conversation: its settings, prepared statements, portals and transaction.
///
/// Belongs to one task of the event loop.
final class Session: @unchecked Sendable {
    // Used by its connection's task only.

    struct Prepared {
        let statement: Statement?
        let text: String
        let types: [DataType]
    }

    /// A statement with its parameters, ready to run or half read.
    final class Portal {
        let prepared: Prepared
        let parameters: [Value]
        let formats: [Int16]
        var columns: [ResultColumn]?
        /// Rows computed and not sent yet.
        var rows: PortalRows?
        var isDone = false
        var tag = "SELECT"

        init(_ prepared: Prepared, _ parameters: [Value], _ formats: [Int16]) {
            self.prepared = prepared
            self.parameters = parameters
            self.formats = formats
        }
    }

    struct PortalRows {
        var batches: [Batch]
        /// Keeps counting them as long as they are there.
        let memory: MemoryGrant?
        var batch = 0
        var row = 0
        /// How often the row has been sent: one of weight n is n rows.
        var copies: Int64 = 0
        var sent = 0

        init(_ batches: [Batch], _ memory: MemoryGrant?) {
            self.batches = batches
            self.memory = memory
        }
    }

    enum TransactionState { case idle, open, failed }

    /// What was there when a savepoint was made.
    struct Savepoint {
        let name: String
        let changes: Int
        let restartedSequences: Int
        let locks: Int
        let settings: SessionSettings
    }

    let database: Database
    let user: String
    let backendID: Int32
    var settings: SessionSettings { didSet { settingsVersion &+= 1 } }
    /// Another one whenever a setting may have changed.
    private(set) var settingsVersion = 0
    var state = TransactionState.idle
    /// A simple query of several statements is one transaction although nobody said BEGIN.
    var isImplicit = false
    /// Sequences that the transaction has begun anew: TRUNCATE … RESTART IDENTITY.
    var restartedSequences: [SequenceStore.Restart] = []
    var pending: [TableChange] = []
    /// The newest last.
    var savepoints: [Savepoint] = []
    /// What a transaction that reads one state throughout reads.
    var snapshot: ReadTicket?
    /// While rows are compared with what they have become.
    var readsNewest = false
    var transactionStart: Int64 = 0
    var prepared: [String: Prepared] = [:]
    var portals: [String: Portal] = [:]
    /// Of the statement that runs.
    var running: CancelToken?
    let watchdog = StatementWatchdog()
    /// What the rows of the newest query count.
    var memory: MemoryGrant?
    /// What rows count that the statement goes on with.
    var heldMemory: [MemoryGrant] = []
    let sequences: SessionSequences
    /// What set_config() has set in the statement that runs.
    let requestedSettings = RequestedSettings()
    /// What the settings were when the transaction began, and what SET LOCAL's are again behind it.
    private var settingsBefore: SessionSettings?
    var localSettings: [String: String] = [:]
    static let maximumPrepared = 10_000

    /// - Throws: what a setting that the client asks for is refused with.
    init(_ database: Database, user: String, options: [String: String], backendID: Int32)
        throws(SQLError)
    {
        self.database = database
        sequences = SessionSequences(database.sequences)
        self.user = user
        self.backendID = backendID
        settings = try SessionSettings(user: user, options: options)
    }

    var statusCharacter: Character {
        switch state {
        case .idle: "I"
        case .open: isImplicit ? "I" : "T"
        case .failed: "E"
        }
    }

    func context() -> SessionContext {
        let now = WallClock.unixMicroseconds - Timestamp.unixEpochOffset
        var context = SessionContext(
            user: user, database: "streamhouse", catalog: database.catalogStore.catalog,
            settings: settings.values, now: state == .idle ? now : transactionStart,
            backendID: backendID)
        context.sequences = sequences
        requestedSettings.begin(settings)
        context.settingWriter = requestedSettings
        let published = database.engine.published
        context.rowCount = { published.rowCount(of: $0) }
        context.serverStart = database.startTime
        return context
    }

    // MARK: - Transactions

    func begin() {
        guard state == .idle else { return }
        state = .open
        settingsBefore = settings
        transactionStart = WallClock.unixMicroseconds - Timestamp.unixEpochOffset
        for name in ["transaction_isolation", "transaction_read_only"] {
            setLocally(name, settings.values["default_" + name] ?? "")
        }
    }

    /// Until the transaction ends.
    private func setLocally(_ name: String, _ value: String) {
        if localSettings[name] == nil { localSettings[name] = settings.values[name] ?? "" }
        settings.restore(name, value)
    }

    /// - Throws: 0A000 for what there is not.
    func apply(_ modes: TransactionModes) throws(SQLError) {
        if let isolation = modes.isolation {
            setLocally("transaction_isolation", try SessionSettings.isolation(isolation))
        }
        if let isReadOnly = modes.isReadOnly {
            setLocally("transaction_read_only", isReadOnly ? "on" : "off")
        }
    }

    /// Whether all its statements read the state that the first of them has read.
    var readsOneState: Bool {
        state == .open && settings.values["transaction_isolation"] == "repeatable read"
    }

    /// - Throws: 25006 for a change in a transaction that only reads.
    func checkWritable(_ statement: Statement) throws(SQLError) {
        let name = (state == .idle ? "default_" : "") + "transaction_read_only"
        guard let what = statement.writes, settings.values[name] == "on" else { return }
        throw SQLError(
            SQLState.external("25006"), "cannot execute \(what) in a read-only transaction")
    }

    /// Makes the transaction's changes one epoch. - Throws: what the table's writer refuses.
    func commit() async throws(SQLError) {
        let changes = pending
        let restarts = restartedSequences
        pending = []
        restartedSequences = []
        savepoints = []
        snapshot = nil
        state = .idle
        isImplicit = false
        for (name, value) in localSettings { settings.restore(name, value) }
        endSettings()
        defer { database.locks.release(backendID) }
        do throws(SQLError) {
            if !changes.isEmpty {
                let _: Void = try await database.ask { .commit(changes, $0) }
            }
        } catch {
            for restart in restarts.reversed() { database.sequences.undo(restart) }
            throw error
        }
        for restart in restarts { database.sequences.keep(restart) }
    }

    func rollback() {
        pending = []
        undoRestarts(keeping: 0)
        savepoints = []
        snapshot = nil
        state = .idle
        isImplicit = false
        if let before = settingsBefore { settings = before }
        endSettings()
        database.locks.release(backendID)
    }

    /// Sequences go on where they were before the restarts behind the first ones.
    func undoRestarts(keeping kept: Int) {
        while restartedSequences.count > kept {
            database.sequences.undo(restartedSequences.removeLast())
        }
    }

    private func endSettings() {
        settingsBefore = nil
        localSettings = [:]
    }

    /// A statement has failed: an open transaction can only be rolled back now.
    func statementFailed() {
        guard state == .open else { return }
        if isImplicit { return rollback() }
        state = .failed
        // What was done behind the last savepoint will not be done.
        database.locks.release(backendID, keeping: savepoints.last?.locks ?? 0)
    }

    func checkNotFailed(_ statement: Statement) throws(SQLError) {
        guard state == .failed else { return }
        switch statement {
        case .commit, .rollback, .rollbackTo: return
        default:
            throw SQLError(
                .failedTransaction,
                "current transaction is aborted, commands ignored until end of transaction block")
        }
    }

    // MARK: - Extended protocol

    func parse(name: String, text: String, types oids: [Int32]) throws(SQLError) {
        let statements = try Parser.statements(text)
        guard statements.count <= 1 else {
            throw SQLError(
                .syntaxError, "cannot insert multiple commands into a prepared statement")
        }
        var types: [DataType] = []
        for oid in oids {
            if oid == 0 {
                types.append(.unknown)
            } else if let type = DataType.withOID(oid) {
                types.append(type)
            } else {
                throw SQLError(.undefinedObject, "type with OID \(oid) does not exist")
            }
        }
        try keep(statements.first?.statement, name: name, text: text, types: types)
    }

    func inferredTypes(_ statement: Statement, _ text: String, _ given: [DataType])
        throws(SQLError)
        -> [DataType]
    {
        let binder = Binder(context: context(), text: text, parameters: Parameters(types: given))
        switch statement {
        case .query(let query): _ = try binder.bind(query)
        case .insert(let insert): _ = try binder.bind(insert)
        case .update(let update): _ = try binder.bind(update)
        case .delete(let delete): _ = try binder.bind(delete)
        default: return given
        }
        return binder.parameterTypes.map { $0.kind == .unknown ? .text : $0 }
    }

    func bind(_ message: FrontendMessage.Bind) throws(SQLError) {
        let statement = try prepared(named: message.statement)
        if !message.portal.isEmpty, portals[message.portal] != nil {
            throw SQLError(
                SQLState.external("42P03"), "cursor \"\(message.portal)\" already exists")
        }
        let formats = message.parameterFormats
        guard formats.count <= 1 || formats.count == message.parameters.count else {
            throw SQLError(
                .protocolViolation,
                "bind message has \(formats.count) parameter formats but \(message.parameters.count) parameters"
            )
        }
        if let code = (formats + message.resultFormats).first(where: { $0 != 0 && $0 != 1 }) {
            throw SQLError(.invalidParameterValue, "unsupported format code: \(code)")
        }
        guard message.parameters.count == statement.types.count else {
            throw SQLError(
                .protocolViolation,
                "bind message supplies \(message.parameters.count) parameters, but prepared statement "
                    + "\"\(message.statement)\" requires \(statement.types.count)")
        }
        var values: [Value] = []
        for (index, bytes) in message.parameters.enumerated() {
            guard let bytes else {
                values.append(.null)
                continue
            }
            let format = formats.isEmpty ? 0 : formats[formats.count == 1 ? 0 : index]
            let type = shown(statement.types[index])
            if format == 0 { try TextEncoding.checkCharacters(bytes) }
            values.append(
                format == 1
                    ? try BinaryEncoding.parse(bytes, type)
                    : (type.showsNames
                        ? try ObjectNames(context()).value(bytes, type)
                        : try TextEncoding.parse(bytes, type)))
        }
        portals[message.portal] = Portal(statement, values, message.resultFormats)
    }

    /// The columns of a statement; nil when it returns none.
    func describe(_ statement: Prepared, _ values: [Value]?) throws(SQLError) -> [ResultColumn]? {
        guard let parsed = statement.statement else { return nil }
        switch parsed {
        case .query(let query):
            let binder = Binder(
                context: context(), text: statement.text,
                parameters: Parameters(types: statement.types, values: values))
            return columns(try binder.bind(query))
        case .insert, .update, .delete:
            let binder = Binder(
                context: context(), text: statement.text,
                parameters: Parameters(types: statement.types, values: values))
            return try returned(parsed, binder)?.fields.map(resultColumn)
        case .show(let name):
            return [ResultColumn(name: name, type: .text)]
        case .explain: return [ResultColumn(name: "QUERY PLAN", type: .text)]
        case .execute(let name, _, _): return try describe(try prepared(named: name), nil)
        default: return nil
        }
    }

    private func returned(_ statement: Statement, _ binder: Binder) throws(SQLError)
        -> BoundReturning?
    {
        switch statement {
        case .insert(let insert): try binder.bind(insert).returning
        case .update(let update): try binder.bind(update).returning
        case .delete(let delete): try binder.bind(delete).returning
        default: nil
        }
    }

    /// The type with the styles in which this session shows times.
    func shown(_ type: DataType) -> DataType {
        if type.kind == .unknown { return .text }
        return type.styled(settings.textStyle)
    }

    func columns(_ plan: LogicalPlan) -> [ResultColumn] {
        plan.fields.enumerated().map { index, field in
            var column = resultColumn(field)
            let origin = Session.origin(plan, index)
            column.tableOID = origin?.0 ?? 0
            column.columnNumber = origin?.1 ?? 0
            return column
        }
    }

    func resultColumn(_ field: Field) -> ResultColumn {
        let type = shown(field.type)
        var column = ResultColumn(name: field.name, type: type)
        if type.showsNames {
            let names = ObjectNames(context())
            column.shownText = { names.text($0, type) }
        }
        return column
    }

    /// The rows with the names that regclass and its kin are shown by, as texts, and their types.
    func named(_ batches: [Batch], _ types: [DataType]) -> (batches: [Batch], types: [DataType]) {
        guard types.contains(where: \.showsNames) else { return (batches, types) }
        let names = ObjectNames(context())
        let shown = batches.map { batch in
            var columns = batch.columns
            for (index, type) in types.enumerated() where type.showsNames {
                let builder = ColumnBuilder(.text, capacity: batch.count)
                for row in 0..<batch.count {
                    builder.append(names.text(columns[index].value(row), type))
                }
                columns[index] = builder.column()
            }
            return Batch(columns: columns, count: batch.count, weights: batch.weights)
        }
        return (shown, types.map { $0.showsNames ? .text : $0 })
    }

    /// The table column that an output column simply is.
    private static func origin(_ plan: LogicalPlan, _ index: Int) -> (Int32, Int16)? {
        switch plan {
        case .scan(let object, let columns): return (object.oid, Int16(columns[index] + 1))
        case .filter(let input, _), .sort(let input, _, _, _), .distinct(let input):
            return origin(input, index)
        case .project(let input, let list, _):
            if case .column(let column, _) = list[index] { return origin(input, column) }
            return nil
        case .join(let join):
            let width = join.left.fields.count
            return index < width ? origin(join.left, index) : origin(join.right, index - width)
        case .rank(let input, _):
            return index < input.fields.count ? origin(input, index) : nil
        case .values, .literal, .aggregate, .union, .series, .setOperation, .expand, .unnest,
            .hop:
            return nil
        }
    }

    /// Applies result formats: none is text, one is for all.
    static func formatted(_ columns: [ResultColumn], _ formats: [Int16]) throws(SQLError)
        -> [ResultColumn]
    {
        guard formats.count <= 1 || formats.count == columns.count else {
            throw SQLError(
                .protocolViolation,
                "bind message has \(formats.count) result formats but query has \(columns.count) columns"
            )
        }
        return columns.enumerated().map { index, column in
            var copy = column
            copy.format = formats.isEmpty ? 0 : formats[formats.count == 1 ? 0 : index]
            return copy
        }
    }
}
