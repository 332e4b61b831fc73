import Connectors
import Platform
import Types

/// One chunk that is being decoded on another thread while the engine works on the one before it.
final class DecodeAhead: Sendable {
    /// The columns being decoded.
    let columns: [Int]
    private let done = Mailbox<Result<SourceChunk, SQLError>>()

    init(columns: [Int]) { self.columns = columns }

    func finish(_ result: Result<SourceChunk, SQLError>) { done.post(result) }

    /// The chunk; call once.
    func wait() throws(SQLError) -> SourceChunk {
        guard let result = done.take(until: .distantFuture).first else {
            throw .internalFault("decoding ended without a result")
        }
        return try result.get()
    }
}
