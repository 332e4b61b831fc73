package import Types

/// A view, ready for the catalog.
package struct BoundView: Sendable {
    package let plan: LogicalPlan
    package let columns: [CatalogColumn]
    package let dependsOn: [Int32]
}

extension Binder {
    /// - Throws: 42701 for two columns of one name, and whatever the query's binding throws.
    package func bind(_ view: CreateView) throws(SQLError) -> BoundView {
        isForView = view.isMaterialized
        var plan = try bind(view.query)
        guard view.columns.count <= plan.fields.count else {
            throw SQLError(.syntaxError, "CREATE VIEW specifies more column names than columns")
        }
        plan = try renamed(plan, view.columns, view.name.last, at: view.name.at)
        if !parameterTypes.isEmpty {
            throw SQLError(.undefinedParameter, "there is no parameter $1")
        }
        var columns: [CatalogColumn] = []
        for field in plan.fields {
            if columns.contains(where: { $0.name == field.name }) {
                throw SQLError(
                    .duplicateColumn, "column \"\(field.name)\" specified more than once")
            }
            let type = field.type.kind == .unknown ? DataType.text : field.type
            columns.append(CatalogColumn(field.name, type))
        }
        return BoundView(plan: plan, columns: columns, dependsOn: references.sorted())
    }
}
