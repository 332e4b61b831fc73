import State
import Synchronization

/// The indexes that readers have asked for, by relation and columns.
final class IndexRegistry: Sendable {
    private struct Key: Hashable {
        let relation: Int32
        let columns: [Int]
    }

    private let made = Mutex<[Key: ReadIndex]>([:])

    func index(_ relation: Int32, _ columns: [Int]) -> ReadIndex {
        made.withLock { made in
            let key = Key(relation: relation, columns: columns)
            if let found = made[key] { return found }
            let index = ReadIndex(columns: columns)
            made[key] = index
            return index
        }
    }

    /// Frees the indexes of relations that are gone.
    func forget(_ relations: [Int32]) {
        made.withLock { made in made = made.filter { !relations.contains($0.key.relation) } }
    }

    /// Frees one; whoever still has a name for it makes it again.
    func forget(_ relation: Int32, _ columns: [Int]) {
        made.withLock { $0[Key(relation: relation, columns: columns)] = nil }
    }
}
