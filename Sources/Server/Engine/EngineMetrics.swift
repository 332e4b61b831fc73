import Platform

/// The engine's counters.
struct EngineMetrics {
    let epochs: Metric
    let epoch: Metric
    let deadLetters: Metric
    let checkpoints: Metric
    let checkpointBytes: Metric

    init(_ metrics: Metrics) {
        epochs = metrics.counter("streamhouse_epochs_total", help: "Epochs cut since the start.")
        epoch = metrics.gauge("streamhouse_published_epoch", help: "The epoch that readers see.")
        deadLetters = metrics.counter(
            "streamhouse_dead_letters_total", help: "Records that could not be decoded.")
        checkpoints = metrics.counter(
            "streamhouse_checkpoints_total", help: "Checkpoints committed.")
        checkpointBytes = metrics.counter(
            "streamhouse_checkpoint_bytes_total", help: "Bytes of runs written by checkpoints.")
    }
}
