import Planner
import State
import Types

extension TableState {
    /// What two rows of one key mean in a table that a connector feeds.
    enum ConflictPolicy: String {
        case overwrite = "overwrite"
        case doNothing = "do nothing"
        /// Columns that are NULL in the new row keep their values.
        case updateIfNotNull = "do update if not null"

        init(_ words: String?) {
            switch words {
            case "do nothing", "ignore": self = .doNothing
            case "do update if not null": self = .updateIfNotNull
            default: self = .overwrite
            }
        }
    }

    /// Applies rows of a source in their order: weight 1 puts the row of a key in place, -1 takes it
    /// away. Without a primary key every row is added.
    func feed(_ batch: Batch, at epoch: Epoch) throws(SQLError) {
        if object.primaryKey.isEmpty { return try apply(batch, at: epoch) }
        let policy = ConflictPolicy(object.options[CatalogObject.ConnectorKey.conflict])
        let outcome = outcomes(of: batch, policy)
        let removed = store.rows(outcome.removed)
        let rows = Storage(outcome.added)
        let added = policy == .updateIfNotNull ? merged(batch, outcome) : batch.gathered(rows.cells)
        let change = Batch.concatenated([removed.negated, unweighted(added)], types: object.types)
        if change.count > 0 { try apply(change.consolidated(), at: epoch) }
    }

    private func unweighted(_ batch: Batch) -> Batch {
        Batch(columns: batch.columns, count: batch.count)
    }

    /// What becomes of the keys of a batch.
    private struct Outcome {
        /// Rows of the store that go.
        var removed: [UInt32] = []
        /// Rows of the batch that come.
        var added: [UInt32] = []
        /// For each row that comes: the rows before it, of the store or the batch, that it fills up.
        var bases: [[Base]] = []

        enum Base { case stored(UInt32), new(UInt32) }
    }

    /// The state of one key while a batch is walked through.
    private struct KeyState {
        let first: Int
        let stored: UInt32?
        /// The batch's row that is there now, or nothing.
        var current: UInt32?
        var isStoredThere: Bool
        var bases: [Outcome.Base]
    }

    private func outcomes(of batch: Batch, _ policy: ConflictPolicy) -> Outcome {
        let views = object.primaryKey.map { batch.columns[$0].view }
        var states: [KeyState] = []
        var places: [UInt64: [Int]] = [:]
        withExtendedLifetime(batch) {
            for row in 0..<batch.count {
                let hash = hashRow(views, row, seed: rowHashSeed, image: false)
                let known = places[hash, default: []].first {
                    rowsEqual(views, states[$0].first, views, row, image: false)
                }
                let place = known ?? states.count
                if known == nil {
                    let stored = store.currentRow(key: views, row)
                    places[hash, default: []].append(place)
                    states.append(
                        KeyState(
                            first: row, stored: stored, isStoredThere: stored != nil, bases: []))
                }
                step(&states[place], row, isRemoval: batch.weight(row) < 0, policy)
            }
        }
        var outcome = Outcome()
        for state in states {
            if let stored = state.stored, !state.isStoredThere { outcome.removed.append(stored) }
            if let current = state.current {
                outcome.added.append(current)
                outcome.bases.append(state.bases)
            }
        }
        return outcome
    }

    private func step(
        _ state: inout KeyState, _ row: Int, isRemoval: Bool, _ policy: ConflictPolicy
    ) {
        if isRemoval {
            (state.current, state.isStoredThere, state.bases) = (nil, false, [])
            return
        }
        let isThere = state.current != nil || state.isStoredThere
        if isThere, policy == .doNothing { return }
        if policy == .updateIfNotNull {
            if let current = state.current { state.bases.append(.new(current)) }
            if state.isStoredThere, let stored = state.stored {
                state.bases.append(.stored(stored))
            }
        }
        (state.current, state.isStoredThere) = (UInt32(row), false)
    }

    /// The rows that come, with what they leave NULL taken from the rows before them, the newest first.
    private func merged(_ batch: Batch, _ outcome: Outcome) -> Batch {
        var rows: [[Value]] = []
        for (index, bases) in outcome.bases.enumerated() {
            var values = batch.row(Int(outcome.added[index]))
            let older: [[Value]] = bases.reversed().map { base in
                switch base {
                case .stored(let row): store.rows([row]).row(0)
                case .new(let row): batch.row(Int(row))
                }
            }
            for base in older {
                for column in values.indices where values[column] == .null {
                    values[column] = base[column]
                }
            }
            rows.append(values)
        }
        return Batch(rows: rows, types: object.types)
    }
}
