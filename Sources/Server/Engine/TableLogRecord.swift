import State
import Types

/// A record of the table log: a transaction's rows, or a cut. Laid out in docs/formats/table-log.md.
enum TableLogRecord {
    case transaction([TableChange])
    /// The epoch, and the splits whose position has changed.
    case cut(Epoch, positions: [String: Int64])

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        switch self {
        case .transaction(let changes):
            writer.write(UInt8(1))
            writer.write(Int32(changes.count))
            for change in changes {
                writer.write(change.table)
                BatchCodec.encode(change.batch, to: &writer)
            }
        case .cut(let epoch, let positions):
            writer.write(UInt8(2))
            writer.write(epoch.number)
            writer.write(Int32(positions.count))
            for (split, position) in positions.sorted(by: { $0.key < $1.key }) {
                writer.writeText(split)
                writer.write(position)
            }
        }
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(MalformedBytes) {
        var reader = ByteReader(bytes)
        switch try reader.readUInt8() {
        case 1:
            var changes: [TableChange] = []
            for _ in 0..<(try reader.readCount(bytesEach: 13)) {
                let table = try reader.readInt32()
                changes.append(TableChange(table: table, batch: try BatchCodec.decode(&reader)))
            }
            self = .transaction(changes)
        case 2:
            let epoch = Epoch(try reader.readUInt32())
            var positions: [String: Int64] = [:]
            for _ in 0..<(try reader.readCount(bytesEach: 12)) {
                let split = try reader.readText()
                positions[split] = try reader.readInt64()
            }
            self = .cut(epoch, positions: positions)
        case let kind: throw MalformedBytes("record kind \(kind)")
        }
    }
}
