/// Settings of PostgreSQL that clients and dumps set, about what there is nothing to choose here: how plans are
/// searched and what they are thought to cost, sizes of memory, the durability of a commit, which is always that
/// of `on`. They are kept and shown; none changes an answer. Those that would are not here: they are refused.
enum UnusedSettings {
    /// Each with PostgreSQL 15's default.
    static let values: [String: String] = Dictionary(
        uniqueKeysWithValues: switches.map { ($0, "on") }
    ).merging(others) { known, _ in known }

    private static let switches = [
        "enable_async_append", "enable_bitmapscan", "enable_gathermerge", "enable_hashagg",
        "enable_hashjoin", "enable_incremental_sort", "enable_indexonlyscan", "enable_indexscan",
        "enable_material", "enable_memoize", "enable_mergejoin", "enable_nestloop",
        "enable_parallel_append", "enable_parallel_hash", "enable_partition_pruning",
        "enable_partitionwise_aggregate", "enable_partitionwise_join", "enable_seqscan",
        "enable_sort", "enable_tidscan", "check_function_bodies", "geqo", "jit_expressions",
        "jit_tuple_deforming", "parallel_leader_participation", "synchronize_seqscans",
    ]

    private static let others = [
        "synchronous_commit": "on", "constraint_exclusion": "partition", "plan_cache_mode": "auto",
        "force_parallel_mode": "off", "session_replication_role": "origin",
        "transaction_deferrable": "off", "default_transaction_deferrable": "off",
        "max_parallel_workers_per_gather": "2", "max_parallel_workers": "8",
        "max_parallel_maintenance_workers": "2", "parallel_setup_cost": "1000",
        "parallel_tuple_cost": "0.1", "min_parallel_table_scan_size": "8MB",
        "min_parallel_index_scan_size": "512kB", "jit_above_cost": "100000",
        "jit_inline_above_cost": "500000", "jit_optimize_above_cost": "500000",
        "seq_page_cost": "1", "random_page_cost": "4", "cpu_tuple_cost": "0.01",
        "cpu_index_tuple_cost": "0.005", "cpu_operator_cost": "0.0025",
        "effective_cache_size": "4GB", "effective_io_concurrency": "1",
        "maintenance_work_mem": "64MB", "temp_buffers": "8MB", "hash_mem_multiplier": "2",
        "cursor_tuple_fraction": "0.1", "default_statistics_target": "100",
        "from_collapse_limit": "8", "join_collapse_limit": "8", "geqo_threshold": "12",
        "max_stack_depth": "2MB", "log_min_duration_statement": "-1", "deadlock_timeout": "1s",
        "tcp_keepalives_idle": "0", "tcp_keepalives_interval": "0", "tcp_keepalives_count": "0",
        "tcp_user_timeout": "0",
    ]

    /// Of those that have names for values.
    static let choices = [
        "synchronous_commit": ["local", "remote_write", "remote_apply", "on", "off"],
        "constraint_exclusion": ["partition", "on", "off"],
        "plan_cache_mode": ["auto", "force_generic_plan", "force_custom_plan"],
        "force_parallel_mode": ["off", "on", "regress"],
        "session_replication_role": ["origin", "replica", "local"],
    ]

    /// Whether a value is a number, maybe with a unit.
    static func isQuantity(_ value: String) -> Bool {
        let number = value.trimmingPrefix { $0 == " " }.prefix { !$0.isLetter && $0 != " " }
        let unit = value.filter(\.isLetter).lowercased()
        return Double(number) != nil
            && ["", "b", "kb", "mb", "gb", "tb", "us", "ms", "s", "min", "h", "d"].contains(unit)
    }
}
