/// Rewrites a plan to a cheaper one with the same meaning.
package enum Optimizer {
    package static func optimized(_ plan: LogicalPlan) -> LogicalPlan {
        ColumnPruning.applied(
            HopPanes.applied(
                ComputedJoinKeys.applied(
                    PredicatePushdown.applied(JoinOrder.applied(Folding.folded(plan))))))
    }
}
