import Dataflow
import Types

/// A query of WITH, bound.
package struct CommonTableBinding {
    package let plan: LogicalPlan
    /// Its place in the statement's text, which tells it from the others.
    package let at: Int
}

extension Binder {
    /// Binds what stands behind a WITH.
    func binding<Bound>(_ with: [Query.CommonTable], _ body: () throws(SQLError) -> Bound)
        throws(SQLError) -> Bound
    {
        beginCommonTables()
        defer { endCommonTables() }
        try bindCommonTables(with)
        return try body()
    }

    func beginCommonTables() { commonTables.append([:]) }

    /// Adds tables to the innermost WITH; each can read those before it. - Throws: 42712.
    func bindCommonTables(_ list: [Query.CommonTable]) throws(SQLError) {
        for table in list {
            if commonTables[commonTables.count - 1][table.name] != nil {
                throw SQLError(
                    .duplicateAlias, "WITH query name \"\(table.name)\" specified more than once",
                    position: position(table.at))
            }
            let plan: LogicalPlan
            if viewDepth == 0, let rows = lockedRows[table.at] {
                plan = rows
            } else {
                plan = try withKnownTypes(try bind(table.query), at: table.at)
            }
            commonTables[commonTables.count - 1][table.name] = CommonTableBinding(
                plan: try renamed(plan, table.columns, table.name, at: table.at), at: table.at)
        }
    }

    /// Leaves the innermost WITH. A query that is read more than once is bound in each place: that is
    /// the same unless it is volatile.
    func endCommonTables() {
        let tables = commonTables.removeLast()
        guard !isForView, viewDepth == 0 else { return }
        volatileTables += tables.values.filter { table in
            commonTableUses[table.at, default: 0] > 1 && table.plan.isVolatile
                && !table.plan.readsOuterQuery
        }.sorted { $0.at < $1.at }
    }

    /// The query that a name stands for, innermost WITH first.
    func commonTable(_ name: String) -> LogicalPlan? {
        for tables in commonTables.reversed() {
            if let table = tables[name] {
                commonTableUses[table.at, default: 0] += 1
                return table.plan
            }
        }
        return nil
    }
}

extension LogicalPlan {
    fileprivate var isVolatile: Bool {
        expressions.contains { !$0.isStable } || inputs.contains(where: \.isVolatile)
    }

    fileprivate var readsOuterQuery: Bool {
        expressions.contains { $0.columns.contains(where: OuterReference.isOuter) }
            || inputs.contains(where: \.readsOuterQuery)
    }
}
