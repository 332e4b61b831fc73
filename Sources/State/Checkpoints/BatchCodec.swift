package import Types
import Platform

/// Batches as bytes: what runs and the table log are made of. Laid out in docs/formats/run.md.
package enum BatchCodec {
    /// Appends a batch: row count, weights, then each column.
    package static func encode(_ batch: Batch, to output: inout ByteWriter) {
        output.write(Int32(batch.count))
        output.write(Int32(batch.columns.count))
        output.write(batch.weights != nil)
        if let weights = batch.weights { encode(weights.cells, to: &output) }
        for column in batch.columns {
            output.write(column.physical.rawValue)
            output.write(column.validity != nil)
            if let validity = column.validity { encode(validity.cells, to: &output) }
            switch column.data {
            case .int64(let storage): encode(storage.cells, to: &output)
            case .double(let storage): encode(storage.cells, to: &output)
            case .bool(let storage): encode(storage.cells, to: &output)
            case .interval(let storage): encode(storage.cells, to: &output)
            case .numeric(let storage):
                // Written field by field: the struct has padding, whose bytes would be random.
                let cells = storage.cells
                for row in 0..<cells.count {
                    let value = cells[row]
                    if value.isWide {
                        encode(wide: value, to: &output)
                        continue
                    }
                    output.write(UInt64(truncatingIfNeeded: value.coefficient >> 64))
                    output.write(UInt64(truncatingIfNeeded: value.coefficient))
                    output.write(value.scale)
                    output.write(value.form.rawValue)
                }
            case .text(let storage), .json(let storage):
                let offsets = storage.offsets.cells
                let written = Storage<UInt32>(uninitialized: offsets.count)
                let cells = written.cells
                for row in 0..<offsets.count { cells[row] = UInt32(offsets[row]) }
                encode(cells, to: &output)
                encode(storage.bytes.cells, to: &output)
            }
        }
    }

    /// The batch in parts whose texts have offsets of 32 bits, as they are written.
    package static func parts(_ batch: Batch) -> [Batch] {
        let longest = batch.columns.compactMap { $0.texts?.bytes.count }.max() ?? 0
        guard longest > Int(UInt32.max), batch.count > 1 else { return [batch] }
        let half = batch.count / 2
        return parts(batch.slice(0, half)) + parts(batch.slice(half, batch.count))
    }

    /// A number whose coefficient is elsewhere: its sign and number of limbs, which follow.
    private static func encode(wide value: Numeric, to output: inout ByteWriter) {
        let limbs = value.magnitude.limbs
        output.write(UInt64(value.signum < 0 ? 1 : 0))
        output.write(UInt64(limbs.count))
        output.write(value.scale)
        output.write(value.form.rawValue)
        for limb in limbs { output.write(UInt64(limb)) }
    }

    private static func decode(
        wide reader: inout ByteReader, isNegative: Bool, count: Int128, scale: Int
    ) throws(MalformedBytes) -> Numeric {
        // As many as 131,072 digits and 16,383 behind the point take.
        guard count > 0, count <= 10_000 else { throw MalformedBytes("\(count) limbs") }
        try reader.require(Int(count) * 8)
        var limbs: [UInt] = []
        for _ in 0..<Int(count) { limbs.append(UInt(UInt64(bitPattern: try reader.readInt64()))) }
        guard
            let value = Numeric(stored: Natural(limbs: limbs), isNegative: isNegative, scale: scale)
        else { throw MalformedBytes("numeric") }
        return value
    }

    /// Little-endian cells, as they lie in memory.
    private static func encode<Element>(_ cells: Cells<Element>, to output: inout ByteWriter) {
        let count = cells.count * MemoryLayout<Element>.stride
        unsafe output.bytes.append(
            contentsOf: UnsafeRawBufferPointer(start: cells.unsafePointer, count: count))
    }

    /// Reads one batch back. - Throws: when the bytes are not a batch.
    package static func decode(_ reader: inout ByteReader) throws(MalformedBytes) -> Batch {
        let count = Int(try reader.readInt32())
        let columnCount = Int(try reader.readInt32())
        guard count >= 0, columnCount >= 0, columnCount <= 4096 else {
            throw MalformedBytes("\(count) rows of \(columnCount) columns")
        }
        var weights: Storage<Int64>?
        if try reader.readUInt8() != 0 { weights = try cells(&reader, count, 0 as Int64) }
        var columns: [Column] = []
        for _ in 0..<columnCount {
            guard let physical = DataType.Physical(rawValue: try reader.readUInt8()) else {
                throw MalformedBytes("column type")
            }
            var validity: Storage<UInt8>?
            if try reader.readUInt8() != 0 { validity = try cells(&reader, count, 0 as UInt8) }
            columns.append(Column(try data(&reader, physical, count), validity: validity))
        }
        return Batch(columns: columns, count: count, weights: weights)
    }

    private static func data(
        _ reader: inout ByteReader, _ physical: DataType.Physical, _ count: Int
    )
        throws(MalformedBytes) -> Column.Data
    {
        switch physical {
        case .int64: return .int64(try cells(&reader, count, 0 as Int64))
        case .double: return .double(try cells(&reader, count, 0 as Double))
        case .bool: return .bool(try cells(&reader, count, 0 as UInt8))
        case .interval: return .interval(try cells(&reader, count, Interval()))
        case .numeric:
            try reader.require(count * 19)
            let storage = Storage<Numeric>(uninitialized: count)
            let target = storage.cells
            for row in 0..<count {
                let high = Int128(try reader.readInt64())
                let low = Int128(UInt64(bitPattern: try reader.readInt64()))
                let scale = Int(try reader.readInt16())
                guard let form = Numeric.Form(rawValue: try reader.readUInt8()) else {
                    throw MalformedBytes("numeric form")
                }
                if form == .wide {
                    target[row] = try decode(
                        wide: &reader, isNegative: high != 0, count: low, scale: scale)
                } else {
                    target[row] =
                        Numeric(special: form)
                        ?? Numeric(coefficient: high << 64 | low, scale: scale)
                }
            }
            return .numeric(storage)
        case .text, .json:
            let stored = try cells(&reader, count + 1, 0 as UInt32)
            let offsets = Storage<Int64>(uninitialized: count + 1)
            let (from, ends) = (stored.cells, offsets.cells)
            for row in 0...count { ends[row] = Int64(from[row]) }
            for row in 0..<count where ends[row] > ends[row + 1] {
                throw MalformedBytes("text offsets")
            }
            let bytes = try cells(&reader, Int(ends[count]), 0 as UInt8)
            let storage = TextStorage(offsets: offsets, bytes: bytes)
            return physical == .json ? .json(storage) : .text(storage)
        }
    }

    private static func cells<Element>(_ reader: inout ByteReader, _ count: Int, _ zero: Element)
        throws(MalformedBytes) -> Storage<Element>
    {
        let byteCount = count * MemoryLayout<Element>.stride
        try reader.require(byteCount)
        let storage = Storage<Element>(uninitialized: count)
        let (position, source) = (reader.position, reader.bytes)
        unsafe source.withUnsafeBytes { buffer in
            if let start = buffer.baseAddress {
                unsafe UnsafeMutableRawPointer(storage.cells.unsafePointer)
                    .copyMemory(from: start + position, byteCount: byteCount)
            }
        }
        try reader.skip(byteCount)
        return storage
    }
}

/// A file of ours: magic, version, checksum of the packed body, packed body (zstd).
package enum SealedFile {
    /// Frames a body. `kind`: four letters that name the format.
    package static func seal(_ body: [UInt8], kind: String, version: UInt32 = 1) -> [UInt8] {
        let packed = Compression.zstd(body)
        var writer = ByteWriter(reserving: packed.count + 24)
        writer.write(contentsOf: Array(kind.utf8))
        writer.write(version)
        writer.write(Int64(body.count))
        writer.write(crc32c(packed))
        writer.write(contentsOf: packed)
        return writer.bytes
    }

    /// The body of a framed file. - Throws: `.corrupt` for a wrong kind, version or checksum.
    package static func open(_ bytes: [UInt8], kind: String, name: String) throws(StorageError)
        -> [UInt8]
    {
        do {
            var reader = ByteReader(bytes)
            guard try reader.readBytes(4) == Array(kind.utf8) else { throw MalformedBytes("magic") }
            let version = try reader.readUInt32()
            guard version == 1 else { throw MalformedBytes("version \(version) is not known") }
            let size = Int(try reader.readInt64())
            let checksum = try reader.readUInt32()
            let packed = try reader.readBytes(reader.remaining)
            guard crc32c(packed) == checksum else { throw MalformedBytes("checksum") }
            let body = try Compression.unzstd(packed, limit: size)
            guard body.count == size else { throw MalformedBytes("length") }
            return body
        } catch let error as MalformedBytes {
            throw .corrupt(file: name, reason: error.reason)
        } catch {
            throw .corrupt(file: name, reason: "\(error)")
        }
    }
}
