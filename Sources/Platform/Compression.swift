import CLz4
import CSnappy
import CZlib
import CZstd
import Glibc

/// Bytes that did not decompress, or that would have become too many.
package struct CompressionError: Error, Hashable, Sendable {
    package let reason: String

    package init(reason: String) { self.reason = reason }
}

/// The codecs of Kafka's record batches and of our own files.
package enum Compression {
    /// zstd at a level; for runs.
    package static func zstd(_ bytes: [UInt8], level: Int32 = 1) -> [UInt8] {
        let bound = ZSTD_compressBound(bytes.count)
        return unsafe [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            let written = unsafe bytes.withUnsafeBytes {
                unsafe ZSTD_compress(buffer.baseAddress, bound, $0.baseAddress, $0.count, level)
            }
            precondition(ZSTD_isError(written) == 0, "zstd failed within its own bound")
            count = written
        }
    }

    /// At most `limit` bytes out.
    package static func unzstd(_ bytes: [UInt8], limit: Int) throws(CompressionError) -> [UInt8] {
        guard let stream = unsafe ZSTD_createDStream() else {
            throw CompressionError(reason: "zstd: no memory")
        }
        defer { unsafe ZSTD_freeDStream(stream) }
        return unsafe try inflate(bytes, limit: limit, "zstd") {
            input, inputCount, output, capacity in
            var source = unsafe ZSTD_inBuffer(src: input, size: inputCount, pos: 0)
            var target = unsafe ZSTD_outBuffer(dst: output, size: capacity, pos: 0)
            let code = unsafe ZSTD_decompressStream(stream, &target, &source)
            if ZSTD_isError(code) != 0 { return nil }
            return unsafe (source.pos, target.pos, code == 0 && source.pos == inputCount)
        }
    }

    /// gzip or zlib; at most `limit` bytes out.
    package static func gunzip(_ bytes: [UInt8], limit: Int) throws(CompressionError) -> [UInt8] {
        var stream = unsafe z_stream()
        guard unsafe czlib_inflate_init(&stream) == Z_OK else {
            throw CompressionError(reason: "gzip: no memory")
        }
        defer { unsafe inflateEnd(&stream) }
        return unsafe try inflate(bytes, limit: limit, "gzip") {
            input, inputCount, output, capacity in
            unsafe stream.next_in = UnsafeMutablePointer(
                mutating: input.assumingMemoryBound(to: UInt8.self))
            unsafe stream.avail_in = UInt32(inputCount)
            unsafe stream.next_out = output.assumingMemoryBound(to: UInt8.self)
            unsafe stream.avail_out = UInt32(capacity)
            let code = unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
            guard code == Z_OK || code == Z_STREAM_END else { return nil }
            return unsafe (
                inputCount - Int(stream.avail_in), capacity - Int(stream.avail_out),
                code == Z_STREAM_END
            )
        }
    }

    /// An LZ4 frame; at most `limit` bytes out.
    package static func unlz4(_ bytes: [UInt8], limit: Int) throws(CompressionError) -> [UInt8] {
        var context: OpaquePointer?
        guard
            unsafe LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION)))
                == 0
        else { throw CompressionError(reason: "lz4: no memory") }
        defer { unsafe LZ4F_freeDecompressionContext(context) }
        return unsafe try inflate(bytes, limit: limit, "lz4") {
            input, inputCount, output, capacity in
            var (read, written) = (inputCount, capacity)
            let code = unsafe LZ4F_decompress(context, output, &written, input, &read, nil)
            if LZ4F_isError(code) != 0 { return nil }
            return (read, written, code == 0 && read == inputCount)
        }
    }

    /// Raw snappy, or Xerial's framing of it, which Java clients write.
    package static func unsnappy(_ bytes: [UInt8], limit: Int) throws(CompressionError) -> [UInt8] {
        let xerial: [UInt8] = [0x82, 0x53, 0x4E, 0x41, 0x50, 0x50, 0x59, 0]
        guard bytes.count >= 16, bytes.starts(with: xerial) else {
            return try unsnappyBlock(bytes, limit: limit)
        }
        var output: [UInt8] = []
        var at = 16
        while at < bytes.count {
            guard at + 4 <= bytes.count else { throw CompressionError(reason: "snappy: cut short") }
            let length = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - at - 4 else {
                throw CompressionError(reason: "snappy: cut short")
            }
            output += try unsnappyBlock(
                Array(bytes[(at + 4)..<(at + 4 + length)]), limit: limit - output.count)
            at += 4 + length
        }
        return output
    }

    private static func unsnappyBlock(_ bytes: [UInt8], limit: Int) throws(CompressionError)
        -> [UInt8]
    {
        var length = 0
        let source = bytes.map { CChar(bitPattern: $0) }
        guard unsafe snappy_uncompressed_length(source, source.count, &length) == SNAPPY_OK else {
            throw CompressionError(reason: "snappy: bad header")
        }
        guard length <= limit else {
            throw CompressionError(reason: "snappy: more than \(limit) bytes")
        }
        var status = SNAPPY_OK
        let output = unsafe [UInt8](unsafeUninitializedCapacity: max(length, 1)) { buffer, count in
            var written = length
            unsafe buffer.withMemoryRebound(to: CChar.self) {
                status = unsafe snappy_uncompress(source, source.count, $0.baseAddress, &written)
            }
            count = status == SNAPPY_OK ? written : 0
        }
        guard status == SNAPPY_OK else { throw CompressionError(reason: "snappy: corrupt") }
        return output
    }

    /// (consumed, produced, finished) of one call of a streaming decoder; nil for corrupt input.
    private typealias Step = (
        UnsafeRawPointer, Int, UnsafeMutableRawPointer, Int
    ) -> (Int, Int, Bool)?

    private static func inflate(_ bytes: [UInt8], limit: Int, _ name: String, _ step: Step)
        throws(CompressionError) -> [UInt8]
    {
        var output: [UInt8] = []
        var consumed = 0
        var finished = false
        while !finished {
            var outcome: (Int, Int, Bool)? = nil
            let capacity = max(4096, min(bytes.count * 4, 1 << 20))
            let chunk = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                unsafe bytes.withUnsafeBytes { input in
                    if let from = input.baseAddress, let to = buffer.baseAddress {
                        unsafe outcome = step(from + consumed, bytes.count - consumed, to, capacity)
                    }
                }
                count = outcome?.1 ?? 0
            }
            guard let outcome else { throw CompressionError(reason: "\(name): corrupt") }
            if outcome.0 == 0, outcome.1 == 0, !outcome.2 {
                throw CompressionError(reason: "\(name): cut short")
            }
            output += chunk
            guard output.count <= limit else {
                throw CompressionError(reason: "\(name): more than \(limit) bytes")
            }
            consumed += outcome.0
            finished = outcome.2
        }
        return output
    }
}
