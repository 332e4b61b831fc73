import Platform
import State
import Synchronization
import Testing
import Types

@Suite struct CheckpointStoreTests {
    /// Objects in memory, which can be damaged and can refuse to be written.
    private final class MemoryObjects: ObjectStore {
        private let objects = Mutex<[String: [UInt8]]>([:])
        private let putsLeft = Mutex<Int>(Int.max)

        func allow(puts: Int) { putsLeft.withLock { $0 = puts } }

        func put(_ name: String, _ bytes: [UInt8]) throws(StorageError) {
            let isAllowed = putsLeft.withLock { left in
                left -= 1
                return left >= 0
            }
            guard isAllowed else { throw .missing(object: name) }
            objects.withLock { $0[name] = bytes }
        }

        func get(_ name: String) throws(StorageError) -> [UInt8] {
            guard let bytes = objects.withLock({ $0[name] }) else { throw .missing(object: name) }
            return bytes
        }

        func list(_ prefix: String) throws(StorageError) -> [String] {
            objects.withLock { $0.keys.filter { $0.hasPrefix(prefix) }.sorted() }
        }

        func delete(_ name: String) throws(StorageError) { objects.withLock { $0[name] = nil } }
    }

    private static func batch(_ numbers: [Int64]) -> Batch {
        Batch(rows: numbers.map { [.int($0), .string("row \($0)")] }, types: [.int64, .text])
    }

    private static func manifest(_ epoch: UInt32, _ runs: [RunReference]) -> Manifest {
        Manifest(
            epoch: Epoch(epoch), logPosition: 77, positions: ["t/0": 5, "t/1": 9],
            traces: ["v/0": runs, "v/1": []])
    }

    @Test func aCommittedCheckpointIsTheLatest() throws {
        let store = CheckpointStore(objects: MemoryObjects())
        #expect(try store.latest() == nil)
        let run = try store.writeRun("a", [Self.batch([1, 2]), Self.batch([3])])
        #expect(run.rows == 3)
        let first = Self.manifest(9, [run])
        try store.commit(first)
        #expect(try store.latest() == first)
        // Names sort by epoch, also beyond one digit.
        let second = Self.manifest(16, [run])
        try store.commit(second)
        #expect(try store.latest() == second)
        let rows = try store.readRun(run).flatMap { batch in
            (0..<batch.count).map { batch.row($0)[0] }
        }
        #expect(rows == [.int(1), .int(2), .int(3)])
    }

    @Test func aCheckpointWithoutItsManifestDoesNotCount() throws {
        let objects = MemoryObjects()
        let store = CheckpointStore(objects: objects)
        let first = Self.manifest(1, [try store.writeRun("a", [Self.batch([1])])])
        try store.commit(first)
        objects.allow(puts: 1)
        let run = try store.writeRun("b", [Self.batch([2])])
        #expect(throws: StorageError.self) { try store.commit(Self.manifest(2, [run])) }
        #expect(try store.latest() == first)
    }

    @Test func damageIsReported() throws {
        let objects = MemoryObjects()
        let store = CheckpointStore(objects: objects)
        let run = try store.writeRun("a", [Self.batch(Array(0..<50))])
        try store.commit(Self.manifest(1, [run]))
        for name in try objects.list("") {
            let whole = try objects.get(name)
            for index in whole.indices {
                var damaged = whole
                damaged[index] ^= 0x10
                try objects.put(name, damaged)
                #expect(throws: StorageError.self, "byte \(index) of \(name)") {
                    _ = try store.latest()
                    _ = try store.readRun(run)
                }
            }
            try objects.put(name, whole)
        }
        #expect(try store.latest() != nil)
    }

    @Test func aMissingRunIsReported() throws {
        let objects = MemoryObjects()
        let store = CheckpointStore(objects: objects)
        let run = try store.writeRun("a", [Self.batch([1])])
        try objects.delete(run.object)
        #expect(throws: StorageError.self) { _ = try store.readRun(run) }
    }

    @Test func garbageIsWhatTheManifestDoesNotName() throws {
        let objects = MemoryObjects()
        let store = CheckpointStore(objects: objects)
        let runs = try ["a", "b", "c"].map { try store.writeRun($0, [Self.batch([1])]) }
        try store.commit(Self.manifest(1, runs))
        let last = Self.manifest(2, [runs[1]])
        try store.commit(last)
        try store.removeGarbage(keeping: last)
        #expect(try objects.list("").count == 2)
        #expect(try store.latest() == last)
        #expect(try store.readRun(runs[1]).count == 1)
    }
}
