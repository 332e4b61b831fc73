import Platform
import Synchronization
package import Types

/// The generator as a source: positions are event numbers, counted over all three streams.
package final class NexmarkSource: SourceReader {
    private let generator: NexmarkGenerator
    private let stream: NexmarkGenerator.Stream
    private let types: [DataType.Physical]
    private let places: [Int]
    private let split: String
    private let count: Int64
    /// Events a second; 0: all at once.
    private let rate: Int64
    private let began: Int64

    private static let known: Set<String> = ["connector", "watermark", "created"]

    private static func option(_ options: [String: String], _ name: String) -> String? {
        options["nexmark.\(name)"] ?? options[name]
    }

    private static func stream(_ options: [String: String]) throws(SQLError)
        -> NexmarkGenerator.Stream
    {
        let name = option(options, "table") ?? option(options, "table.type")?.lowercased() ?? ""
        guard let stream = NexmarkGenerator.Stream(rawValue: name) else {
            throw SQLError(
                .invalidParameterValue, "invalid nexmark.table \"\(name)\"",
                hint: "Use 'person', 'auction' or 'bid'.")
        }
        return stream
    }

    /// The columns of the stream that the options name.
    package static func columns(_ options: [String: String]) throws(SQLError) -> [(
        String, DataType
    )] {
        NexmarkGenerator.columns(try stream(options))
    }

    /// `wake` is called while there will be more. - Throws: 22023 for options, 42703 and 42804 for columns.
    package init(
        oid: Int32, options: [String: String], columns: [(String, DataType)],
        wake: @escaping @Sendable () -> Void
    ) throws(SQLError) {
        let names: Set<String> = ["table", "table.type", "rate", "count", "seed"]
        for key in options.keys.sorted()
        where !NexmarkSource.known.contains(key) && !key.hasPrefix("@") {
            let name = key.hasPrefix("nexmark.") ? String(key.dropFirst(8)) : key
            guard names.contains(name) else {
                throw SQLError(
                    .invalidParameterValue, "unrecognized source option \"\(key)\"",
                    hint: "Known options: nexmark.table, nexmark.rate, nexmark.count, nexmark.seed."
                )
            }
        }
        func number(_ name: String, _ standard: Int64) throws(SQLError) -> Int64 {
            guard let text = NexmarkSource.option(options, name) else { return standard }
            guard let value = Int64(text), value >= 0 else {
                throw SQLError(.invalidParameterValue, "invalid nexmark.\(name) \"\(text)\"")
            }
            return value
        }
        stream = try NexmarkSource.stream(options)
        rate = try number("rate", 0)
        count = try number("count", rate == 0 ? 1_000_000 : Int64.max)
        generator = NexmarkGenerator(seed: UInt64(try number("seed", 1)))
        let own = NexmarkGenerator.columns(stream)
        var places: [Int] = []
        for (name, type) in columns {
            guard let place = own.firstIndex(where: { $0.0 == name }) else {
                throw SQLError(
                    .undefinedColumn, "stream \(stream.rawValue) has no column \"\(name)\"")
            }
            guard own[place].1.kind == type.kind else {
                throw SQLError(
                    .datatypeMismatch,
                    "column \"\(name)\" is of type \(own[place].1.name), not \(type.name)")
            }
            places.append(place)
        }
        self.places = places
        types = columns.map(\.1.physical)
        split = "nexmark/\(oid)"
        began = options["created"].flatMap { Int64($0) } ?? WallClock.unixMicroseconds
        if rate > 0 { startTicking(wake) }
    }

    /// A clock is an input too: it says now and then that more events are due.
    private func startTicking(_ wake: @escaping @Sendable () -> Void) {
        let period = max(1, min(100, 1000 / rate))
        Worker.start("nexmark") { [weak self] in
            let timer = Mailbox<Void>()
            while true {
                _ = timer.take(until: MonotonicTime.now.advanced(milliseconds: period))
                guard let self else { return }
                wake()
                if end(of: split) >= count { return }
            }
        }
    }

    package var splits: [String] { [split] }

    package func start(of split: String) -> Int64 { 0 }

    package func end(of split: String) -> Int64 {
        if rate == 0 { return count }
        let elapsed = max(0, WallClock.unixMicroseconds - began)
        let due = elapsed.multipliedFullWidth(by: rate)
        let events = Int64(clamping: (Int128(due.high) << 64 | Int128(due.low)) / 1_000_000)
        return min(count, events)
    }

    /// Its rows are small.
    package func cut(_ split: String, from: Int64, to: Int64, maximumBytes: Int) -> Int64 { to }

    package func read(
        _ split: String, from: Int64, to: Int64, columns wanted: [Int], maximumRows: Int
    )
        throws(SQLError) -> SourceChunk
    {
        let builders = wanted.map { ColumnBuilder(types[$0], capacity: 1024) }
        var next = from
        var rows = 0
        while next < to, rows < maximumRows {
            if NexmarkGenerator.stream(of: next) == stream {
                let values = generator.values(next)
                for (builder, column) in zip(builders, wanted) {
                    builder.append(values[places[column]])
                }
                rows += 1
            }
            next += 1
        }
        return SourceChunk(
            batch: Batch(columns: builders.map { $0.column() }, count: rows), next: next)
    }
}
