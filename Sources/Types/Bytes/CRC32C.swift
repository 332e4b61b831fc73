import CPure

/// The Castagnoli checksum that every durable format and Kafka's record batches use.
package func crc32c(_ bytes: [UInt8], from: Int = 0, to: Int? = nil) -> UInt32 {
    let end = to ?? bytes.count
    precondition(from >= 0 && from <= end && end <= bytes.count, "checksum outside the bytes")
    return unsafe bytes.withUnsafeBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return 0 }
        return unsafe cpure_crc32c(0, start + from, end - from)
    }
}

/// The seeded 64-bit hash of a byte string (stored on disk: never change it).
package func hashBytes(_ bytes: [UInt8], seed: UInt64) -> UInt64 {
    unsafe bytes.withUnsafeBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return unsafe cpure_hash_bytes([0], 0, seed) }
        return unsafe cpure_hash_bytes(start, buffer.count, seed)
    }
}
