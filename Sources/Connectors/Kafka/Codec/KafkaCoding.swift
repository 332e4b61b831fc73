import Types

/// Reads Kafka's primitive types; `isFlexible` picks the compact forms (KIP-482).
struct KafkaReader {
    private var reader: ByteReader
    var isFlexible = false

    init(_ bytes: [UInt8]) { reader = ByteReader(bytes) }

    mutating func int8() throws(MalformedBytes) -> Int8 { try reader.readInt8() }
    mutating func int16() throws(MalformedBytes) -> Int16 { try reader.readInt16() }
    mutating func int32() throws(MalformedBytes) -> Int32 { try reader.readInt32() }
    mutating func int64() throws(MalformedBytes) -> Int64 { try reader.readInt64() }
    mutating func bool() throws(MalformedBytes) -> Bool { try reader.readInt8() != 0 }
    mutating func uuid() throws(MalformedBytes) -> [UInt8] { try reader.readBytes(16) }

    private mutating func compactLength() throws(MalformedBytes) -> Int {
        let value = try reader.readUnsignedVarint()
        guard value <= UInt64(Int32.max) else { throw MalformedBytes("length \(value)") }
        return Int(value) - 1
    }

    mutating func nullableString() throws(MalformedBytes) -> String? {
        let length = isFlexible ? try compactLength() : Int(try reader.readInt16())
        return length < 0 ? nil : try text(length)
    }

    private mutating func text(_ length: Int) throws(MalformedBytes) -> String {
        guard let text = String(validating: try reader.readBytes(length), as: UTF8.self) else {
            throw MalformedBytes("string is not UTF-8")
        }
        return text
    }

    mutating func string() throws(MalformedBytes) -> String {
        guard let text = try nullableString() else { throw MalformedBytes("null string") }
        return text
    }

    /// The request header's client id: never compact.
    mutating func legacyNullableString() throws(MalformedBytes) -> String? {
        let length = Int(try reader.readInt16())
        return length < 0 ? nil : try text(length)
    }

    mutating func nullableBytes() throws(MalformedBytes) -> [UInt8]? {
        let length = isFlexible ? try compactLength() : Int(try reader.readInt32())
        return length < 0 ? nil : try reader.readBytes(length)
    }

    mutating func bytes() throws(MalformedBytes) -> [UInt8] { try nullableBytes() ?? [] }

    /// An array's elements; nil for a null array.
    mutating func array<Element>(_ element: (inout KafkaReader) throws(MalformedBytes) -> Element)
        throws(MalformedBytes) -> [Element]?
    {
        let count = isFlexible ? try compactLength() : Int(try reader.readInt32())
        if count < 0 { return nil }
        guard count <= reader.remaining else { throw MalformedBytes("array of \(count)") }
        var list: [Element] = []
        for _ in 0..<count { list.append(try element(&self)) }
        return list
    }

    /// The tagged fields that close a structure of a flexible version; all are passed over.
    mutating func tags() throws(MalformedBytes) {
        guard isFlexible else { return }
        for _ in 0..<(try reader.readUnsignedVarint()) {
            _ = try reader.readUnsignedVarint()
            let size = try reader.readUnsignedVarint()
            guard size <= UInt64(reader.remaining) else {
                throw MalformedBytes("tagged field of \(size) bytes")
            }
            try reader.skip(Int(size))
        }
    }
}

/// Writes Kafka's primitive types; the mirror of `KafkaReader`.
struct KafkaWriter {
    private(set) var writer = ByteWriter(reserving: 256)
    let isFlexible: Bool

    init(isFlexible: Bool) { self.isFlexible = isFlexible }

    var bytes: [UInt8] { writer.bytes }

    mutating func int8(_ value: Int8) { writer.write(value) }
    mutating func int16(_ value: Int16) { writer.write(value) }
    mutating func int32(_ value: Int32) { writer.write(value) }
    mutating func int64(_ value: Int64) { writer.write(value) }
    mutating func bool(_ value: Bool) { writer.write(value) }
    mutating func error(_ error: KafkaError) { writer.write(error.rawValue) }
    mutating func raw(_ bytes: [UInt8]) { writer.write(contentsOf: bytes) }

    mutating func string(_ value: String?) {
        guard let given = value else {
            if isFlexible { writer.writeUnsignedVarint(0) } else { writer.write(Int16(-1)) }
            return
        }
        // Nothing that long is taken in; a name that is would not fit the older versions' length.
        let text = given.utf8.count <= 32_767 ? given : String(given.prefix(4096))
        let count = text.utf8.count
        if isFlexible {
            writer.writeUnsignedVarint(UInt64(count + 1))
        } else {
            writer.write(Int16(count))
        }
        writer.write(contentsOf: text.utf8)
    }

    mutating func bytes(_ value: [UInt8]) {
        length(value.count)
        writer.write(contentsOf: value)
    }

    /// Record batches, one behind the other.
    mutating func records(_ batches: [[UInt8]]) {
        length(batches.reduce(0) { $0 + $1.count })
        for batch in batches { writer.write(contentsOf: batch) }
    }

    mutating func length(_ count: Int) {
        if isFlexible {
            writer.writeUnsignedVarint(UInt64(count + 1))
        } else {
            writer.write(Int32(count))
        }
    }

    mutating func nullArray() {
        if isFlexible { writer.writeUnsignedVarint(0) } else { writer.write(Int32(-1)) }
    }

    mutating func array<Element>(_ list: [Element], _ element: (inout KafkaWriter, Element) -> Void)
    {
        length(list.count)
        for item in list { element(&self, item) }
    }

    mutating func tags() { if isFlexible { writer.writeUnsignedVarint(0) } }
}
