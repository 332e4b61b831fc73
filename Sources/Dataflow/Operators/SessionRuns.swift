import Types

/// The sessions of all keys: runs of times that are no further apart than a gap.
struct SessionRuns {
    /// The first and last time of a session, in microseconds.
    struct Run: Hashable {
        let first: Int64
        let last: Int64
    }

    private struct Entry {
        let group: UInt32
        let run: Run
    }

    private let gap: Int64
    private var entries = OrderedBlocks<Entry>()

    init(gap: Int64) { self.gap = gap }

    /// Whether a later time is more than the gap behind; what does not fit is.
    private func isApart(_ time: Int64, _ later: Int64) -> Bool {
        let (distance, overflow) = later.subtractingReportingOverflow(time)
        return overflow || distance > gap
    }

    /// The run that a time is in; `runs` are in order and apart.
    static func run(of time: Int64, in runs: [Run]) -> Run? {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].last < time { low = middle + 1 } else { high = middle }
        }
        return low < runs.count && runs[low].first <= time ? runs[low] : nil
    }

    /// Brings the runs of a group up to date after rows came or went at `times`, which ascend.
    /// - Returns: the runs near those times, as they were and as they are; some may be in both.
    mutating func update(_ group: UInt32, changedTimes times: [Int64], _ rows: OrderedRows) -> (
        old: [Run], new: [Run]
    ) {
        let old = near(times, group)
        // Where all is new, neighbours are found by reading on.
        let new = hasRuns(group) ? changed(old, times, group, rows) : all(group, rows)
        if old == new { return (old, new) }
        let (before, after) = (Set(old), Set(new))
        for run in old where !after.contains(run) { entries.remove(at: locate(group, run.first)) }
        for run in new where !before.contains(run) {
            entries.insert(Entry(group: group, run: run), at: locate(group, run.first))
        }
        return (old, new)
    }

    private func locate(_ group: UInt32, _ first: Int64) -> OrderedBlocks<Entry>.Place {
        entries.locate { ($0.group, $0.run.first) < (group, first) }
    }

    private func hasRuns(_ group: UInt32) -> Bool {
        entries.element(at: entries.locate { $0.group < group })?.group == group
    }

    /// The runs that are at most the gap away from one of these times.
    private func near(_ times: [Int64], _ group: UInt32) -> [Run] {
        var found: [Run] = []
        for time in times {
            // The run before, the one around it, and the one behind.
            var place = entries.locate {
                $0.group < group
                    || ($0.group == group && $0.run.last < time && isApart($0.run.last, time))
            }
            while let entry = entries.element(at: place), entry.group == group,
                entry.run.first <= time || !isApart(time, entry.run.first)
            {
                if found.last.map({ $0.first < entry.run.first }) ?? true {
                    found.append(entry.run)
                }
                place = entries.next(place)
            }
        }
        return found
    }

    private func all(_ group: UInt32, _ rows: OrderedRows) -> [Run] {
        var runs: [Run] = []
        var open: Run?
        rows.walk(group) { entry, weight in
            guard let time = entry.time else { return false }
            if weight <= 0 || !Timestamp.isFinite(time) { return true }
            if let run = open, isApart(run.last, time) {
                runs.append(run)
                open = nil
            }
            open = Run(first: open?.first ?? time, last: time)
            return true
        }
        if let open { runs.append(open) }
        return runs
    }

    /// What has become of the `old` runs and of what came at `times`.
    ///
    /// A run can only begin or end where an old one did, at a changed time, or at its neighbours.
    private func changed(_ old: [Run], _ times: [Int64], _ group: UInt32, _ rows: OrderedRows)
        -> [Run]
    {
        var firsts: [Int64] = []
        var lasts: [Int64] = []
        func judge(_ time: Int64) {
            let (previous, isThere, next) = rows.neighbours(group, time)
            if isThere {
                if previous.map({ isApart($0, time) }) ?? true { firsts.append(time) }
                if next.map({ isApart(time, $0) }) ?? true { lasts.append(time) }
                return
            }
            let isBreak = previous.flatMap { a in next.map { isApart(a, $0) } } ?? true
            guard isBreak else { return }
            if let next, SessionRuns.run(of: next, in: old) != nil { firsts.append(next) }
            if let previous, SessionRuns.run(of: previous, in: old) != nil {
                lasts.append(previous)
            }
        }
        var latest: Int64?
        for time in times where time != latest {
            judge(time)
            latest = time
        }
        for run in old {
            judge(run.first)
            if run.last != run.first { judge(run.last) }
        }
        let (begins, ends) = (Set(firsts).sorted(), Set(lasts).sorted())
        return zip(begins, ends).map { Run(first: $0, last: $1) }
    }

    /// Makes the runs of all groups anew.
    mutating func rebuild(_ rows: OrderedRows) {
        entries = OrderedBlocks()
        var latest: UInt32?
        for entry in rows.entries.elements where entry.group != latest {
            latest = entry.group
            for run in all(entry.group, rows) {
                entries.insert(
                    Entry(group: entry.group, run: run), at: locate(entry.group, run.first))
            }
        }
    }

    var byteCount: Int { entries.count * MemoryLayout<Entry>.stride }
}
