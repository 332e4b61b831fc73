package import Types

/// One run of a trace: an object, and how many rows it holds.
package struct RunReference: Hashable, Sendable {
    package var object: String
    package var rows: Int64
    package var bytes: Int64

    package init(object: String, rows: Int64, bytes: Int64) {
        self.object = object
        self.rows = rows
        self.bytes = bytes
    }
}

/// What one checkpoint consists of: all or nothing. Laid out in docs/formats/manifest.md.
package struct Manifest: Hashable, Sendable {
    /// The epoch through which every trace is complete.
    package var epoch: Epoch
    /// Where replay of the table log starts.
    package var logPosition: Int64
    /// Input positions at `epoch`, by input name.
    package var positions: [String: Int64]
    /// Runs of each trace, oldest first, by the trace's name.
    package var traces: [String: [RunReference]]

    package init(
        epoch: Epoch, logPosition: Int64, positions: [String: Int64],
        traces: [String: [RunReference]]
    ) {
        self.epoch = epoch
        self.logPosition = logPosition
        self.positions = positions
        self.traces = traces
    }

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(epoch.number)
        writer.write(logPosition)
        writer.write(Int32(positions.count))
        for (name, position) in positions.sorted(by: { $0.key < $1.key }) {
            writer.writeText(name)
            writer.write(position)
        }
        writer.write(Int32(traces.count))
        for (name, runs) in traces.sorted(by: { $0.key < $1.key }) {
            writer.writeText(name)
            writer.write(Int32(runs.count))
            for run in runs {
                writer.writeText(run.object)
                writer.write(run.rows)
                writer.write(run.bytes)
            }
        }
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(MalformedBytes) {
        var reader = ByteReader(bytes)
        epoch = Epoch(try reader.readUInt32())
        logPosition = try reader.readInt64()
        positions = [:]
        traces = [:]
        for _ in 0..<(try reader.readCount(bytesEach: 12)) {
            let name = try reader.readText()
            positions[name] = try reader.readInt64()
        }
        for _ in 0..<(try reader.readCount(bytesEach: 8)) {
            let name = try reader.readText()
            var runs: [RunReference] = []
            for _ in 0..<(try reader.readCount(bytesEach: 20)) {
                let object = try reader.readText()
                let rows = try reader.readInt64()
                runs.append(RunReference(object: object, rows: rows, bytes: try reader.readInt64()))
            }
            traces[name] = runs
        }
    }
}

/// Runs and manifests in an object store.
package final class CheckpointStore: Sendable {
    private let objects: any ObjectStore
    private static let manifestPrefix = "manifests/"
    private static let runPrefix = "runs/"

    package init(objects: any ObjectStore) { self.objects = objects }

    /// Writes the rows of a run. - Returns: its reference for the manifest.
    package func writeRun(_ name: String, _ batches: [Batch]) throws(StorageError) -> RunReference {
        var writer = ByteWriter()
        let parts = batches.flatMap(BatchCodec.parts)
        writer.write(Int32(parts.count))
        for batch in parts { BatchCodec.encode(batch, to: &writer) }
        let bytes = SealedFile.seal(writer.bytes, kind: "SHRN")
        let object = CheckpointStore.runPrefix + name
        try objects.put(object, bytes)
        let rows = batches.reduce(0) { $0 + $1.count }
        return RunReference(object: object, rows: Int64(rows), bytes: Int64(bytes.count))
    }

    package func readRun(_ run: RunReference) throws(StorageError) -> [Batch] {
        let body = try SealedFile.open(try objects.get(run.object), kind: "SHRN", name: run.object)
        do {
            var reader = ByteReader(body)
            var batches: [Batch] = []
            for _ in 0..<(try reader.readCount(bytesEach: 9)) {
                batches.append(try BatchCodec.decode(&reader))
            }
            return batches
        } catch {
            throw .corrupt(file: run.object, reason: error.reason)
        }
    }

    /// Commits a checkpoint: when it returns, recovery starts here.
    package func commit(_ manifest: Manifest) throws(StorageError) {
        let hex = String(manifest.epoch.number, radix: 16)
        let name =
            CheckpointStore.manifestPrefix + String(repeating: "0", count: 8 - hex.count) + hex
        try objects.put(name, SealedFile.seal(manifest.encoded(), kind: "SHMF"))
    }

    /// The newest checkpoint; nil on a new store.
    package func latest() throws(StorageError) -> Manifest? {
        guard let name = try objects.list(CheckpointStore.manifestPrefix).last else { return nil }
        let body = try SealedFile.open(try objects.get(name), kind: "SHMF", name: name)
        do {
            return try Manifest(decoding: body)
        } catch {
            throw .corrupt(file: name, reason: error.reason)
        }
    }

    /// Removes older manifests and every run that `manifest` does not name.
    package func removeGarbage(keeping manifest: Manifest) throws(StorageError) {
        let names = try objects.list(CheckpointStore.manifestPrefix)
        for name in names.dropLast() { try objects.delete(name) }
        let kept = Set(manifest.traces.values.flatMap { $0 }.map(\.object))
        for run in try objects.list(CheckpointStore.runPrefix) where !kept.contains(run) {
            try objects.delete(run)
        }
    }
}
