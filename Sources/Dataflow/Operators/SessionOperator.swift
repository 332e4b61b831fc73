import State
package import Types

/// SESSION: every row with the bounds of its session, a run of rows of one key that are no further
/// apart than the gap.
///
/// Result: the input's columns, then window_start and window_end. Rows without a time, or with an
/// infinite one, are in no session. The runs that are out are kept; a change looks at its neighbours,
/// and only the rows of runs whose bounds change come out again: a row that bridges two runs makes one
/// of them, a row that goes may leave two.
package final class SessionOperator: Operator, Checkpointable {
    /// Which column is the time, and the gap in microseconds.
    package struct Specification: Sendable {
        package let timeColumn: Int
        package let gap: Int64

        package init(timeColumn: Int, gap: Int64) {
            self.timeColumn = timeColumn
            self.gap = gap
        }
    }

    private struct Change {
        let slot: UInt32
        let group: UInt32
        let time: Int64
        let before: Int64
    }

    private let partition: [Int]
    private let session: Specification
    private let groups: GroupTable
    private let rows: OrderedRows
    private var runs: SessionRuns
    /// What the step changed.
    private var changes: [Change] = []
    /// By slot: one more than its place in `changes`, or 0.
    private var places: [Int] = []
    private var pending: [Batch] = []
    private var hasRestored = false

    package init(_ types: [DataType.Physical], partition: [Int], session: Specification) {
        self.partition = partition
        self.session = session
        groups = GroupTable(partition.map { types[$0] }, width: 1)
        rows = OrderedRows(types, keys: [SortKey(column: session.timeColumn)])
        runs = SessionRuns(gap: session.gap)
    }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        restoreRuns()
        if let kept = try withoutFailures(chunk, out) {
            return try receive(chunk.gathered(kept), port: port, out: out)
        }
        if !out.runsOnce { pending.append(chunk) }
        add(chunk)
    }

    /// Rows whose session would end behind the last timestamp fail. - Returns: the others, when there are such.
    private func withoutFailures(_ chunk: Batch, _ out: Output) throws(SQLError) -> Cells<UInt32>? {
        let times = chunk.columns[session.timeColumn].view
        let evaluation = Evaluation(chunk)
        for row in 0..<chunk.count where !times.isNull(row) && Timestamp.isFinite(times.int64(row))
        {
            let (end, overflow) = times.int64(row).addingReportingOverflow(session.gap)
            guard overflow || !Timestamp.inRange(end) else { continue }
            evaluation.fail(row, SQLError(.datetimeFieldOverflow, "timestamp out of range"))
        }
        return try out.divert(evaluation, chunk)
    }

    private func add(_ chunk: Batch, isRestoring: Bool = false) {
        let numbers = groups.findOrInsert(partition.map { chunk.columns[$0] }, count: chunk.count)
        if isRestoring { return rows.add(chunk, groups: numbers) }
        let times = chunk.columns[session.timeColumn].view
        rows.add(chunk, groups: numbers) { row, slot, before in
            if times.isNull(row) || change(of: slot) != nil { return }
            let time = times.int64(row)
            guard Timestamp.isFinite(time) else { return }
            while places.count <= Int(slot) { places.append(0) }
            changes.append(Change(slot: slot, group: numbers[row], time: time, before: before))
            places[Int(slot)] = changes.count
        }
        withExtendedLifetime(chunk) {}
    }

    package func finish(out: Output) throws(SQLError) {
        restoreRuns()
        if changes.isEmpty { return }
        let changed = changes.filter { max($0.before, 0) != max(rows.weight($0.slot), 0) }
            .sorted { ($0.group, $0.time, $0.slot) < ($1.group, $1.time, $1.slot) }
        var shown = Shown()
        var first = 0
        while first < changed.count {
            let group = changed[first].group
            var end = first
            while end < changed.count, changed[end].group == group { end += 1 }
            emit(changed[first..<end], of: group, into: &shown)
            first = end
        }
        for change in changes { places[Int(change.slot)] = 0 }
        changes.removeAll(keepingCapacity: true)
        if !shown.slots.isEmpty { try out.emit(batch(shown)) }
        if rows.isWorthCompacting { _ = rows.compact() }
    }

    private func change(of slot: UInt32) -> Change? {
        guard Int(slot) < places.count, places[Int(slot)] > 0 else { return nil }
        return changes[places[Int(slot)] - 1]
    }

    /// What comes out of a step.
    private struct Shown {
        var slots: [UInt32] = []
        var starts: [Int64] = []
        var ends: [Int64] = []
        var weights: [Int64] = []
    }

    private func batch(_ shown: Shown) -> Batch {
        let isGrowth = shown.weights.allSatisfy { $0 == 1 }
        return Batch(
            columns: rows.gather(shown.slots)
                + [Column(.int64(Storage(shown.starts))), Column(.int64(Storage(shown.ends)))],
            count: shown.slots.count, weights: isGrowth ? nil : Storage(shown.weights))
    }

    private func put(
        _ slot: UInt32, _ run: SessionRuns.Run, _ weight: Int64, into shown: inout Shown
    ) {
        shown.slots.append(slot)
        shown.starts.append(run.first)
        shown.ends.append(run.last.addingReportingOverflow(session.gap).partialValue)
        shown.weights.append(weight)
    }

    private func emit(_ changed: ArraySlice<Change>, of group: UInt32, into shown: inout Shown) {
        let moved = runs.update(group, changedTimes: changed.map(\.time), rows)
        for change in changed {
            let after = rows.weight(change.slot)
            if change.before > 0, let run = SessionRuns.run(of: change.time, in: moved.old) {
                put(change.slot, run, -change.before, into: &shown)
            }
            if after > 0, let run = SessionRuns.run(of: change.time, in: moved.new) {
                put(change.slot, run, after, into: &shown)
            }
        }
        if moved.old.isEmpty || moved.old == moved.new { return }
        // Rows that did not change, in runs that did.
        for (list, sign) in [(moved.old, Int64(-1)), (moved.new, 1)] {
            let others = Set(sign < 0 ? moved.new : moved.old)
            for run in list where !others.contains(run) {
                rows.walk(group, from: OrderedRows.key(of: run.first)) { entry, weight in
                    guard let time = entry.time, time <= run.last else { return false }
                    if weight > 0, change(of: entry.slot).map({ $0.before == weight }) ?? true {
                        put(entry.slot, run, sign * weight, into: &shown)
                    }
                    return true
                }
            }
        }
    }

    // MARK: - Checkpoints

    package var traceKind: TraceKind { .sum }

    package var partitionColumns: [Int]? { partition }

    package func capture() -> [Batch] {
        let taken = pending
        pending = []
        return taken
    }

    package func restore(_ batches: [Batch]) throws(SQLError) {
        for batch in batches { add(batch, isRestoring: true) }
        hasRestored = true
    }

    private func restoreRuns() {
        guard hasRestored else { return }
        hasRestored = false
        runs.rebuild(rows)
    }

    package var byteCount: Int { rows.byteCount + groups.byteCount + runs.byteCount }
}
