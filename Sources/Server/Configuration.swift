/// Everything that can be set from outside, parsed once. `docs/configuration.md` lists it.
package struct Configuration: Sendable {
    /// Where everything that must last is kept.
    package var dataDirectory = "./data"
    /// The address that all ports listen on.
    package var listen = "127.0.0.1"
    package var pgPort: UInt16 = 5433
    package var kafkaPort: UInt16 = 9092
    package var httpPort: UInt16 = 8080
    /// Threads that compute; the number of cores when nil.
    package var workers: Int?
    /// What Kafka clients are told to connect to; the listener's own address when nil.
    package var kafkaAdvertise: String?
    /// A SQL file that is run once, on a new data directory.
    package var initFile: String?
    package var auth = "trust"
    package var logLevel = "info"
    /// How often changed state is written to the object store.
    package var checkpointIntervalMilliseconds: Int64 = 1000
    /// How many bytes the digits of numerics beyond 38 may take; they stay until the server ends.
    package var wideNumericBytes = 256 << 20
    /// What queries may hold together; a quarter of the process's memory when nil.
    package var queryMemoryBytes: Int?
    /// What the operators of one view may hold; three quarters of the process's memory when nil.
    package var viewMemoryBytes: Int?
    /// How long one step of a view may take.
    package var viewStepSeconds: Int64 = 300
    /// Whether acknowledgements wait for the disk.
    package var fsync = true

    package init() {}

    /// Whether only this machine can connect.
    package var isLoopback: Bool {
        listen == "localhost" || listen == "::1" || listen.hasPrefix("127.")
    }
}
