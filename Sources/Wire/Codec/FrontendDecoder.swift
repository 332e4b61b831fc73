package import Types

/// Cuts a client's byte stream into messages, however it arrives.
///
/// Nothing is read past a message's declared length, and a length beyond the limit is refused before
/// its bytes are awaited.
package struct FrontendDecoder {
    private var buffer: [UInt8] = []
    private var position = 0
    private let maximumMessage: Int
    private static let maximumStartup = 10_000

    /// `maximumMessage`: bytes of the largest message that is accepted.
    package init(maximumMessage: Int = 256 << 20) { self.maximumMessage = maximumMessage }

    /// Adds bytes as they came.
    package mutating func feed(_ bytes: [UInt8]) {
        if position > 0, position == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            position = 0
        } else if position > 65536 {
            buffer.removeFirst(position)
            position = 0
        }
        buffer.append(contentsOf: bytes)
    }

    private func int32(_ at: Int) -> Int32 {
        buffer[at..<at + 4].reduce(0) { $0 << 8 | Int32($1) }
    }

    /// The start-up packet, when it is all there.
    package mutating func nextStartup() throws(MalformedBytes) -> StartupMessage? {
        guard buffer.count - position >= 4 else { return nil }
        let length = Int(int32(position))
        guard length >= 8, length <= FrontendDecoder.maximumStartup else {
            throw MalformedBytes("invalid length of startup packet")
        }
        guard buffer.count - position >= length else { return nil }
        var reader = ByteReader(buffer, from: position + 4, to: position + length)
        position += length
        let code = try reader.readInt32()
        switch code {
        case 80_877_103: return .sslRequest
        case 80_877_104: return .gssRequest
        case 80_877_102:
            let process = try reader.readInt32()
            return .cancel(processID: process, secret: try reader.readInt32())
        default: break
        }
        guard code >> 16 == 3 else {
            throw MalformedBytes(
                "unsupported frontend protocol \(code >> 16).\(code & 0xFFFF): server supports 3.0")
        }
        var parameters: [String: String] = [:]
        while reader.remaining > 1 {
            let name = try reader.readCString()
            if name.isEmpty { break }
            parameters[name] = try reader.readCString()
        }
        return .startup(minorVersion: Int(code & 0xFFFF), parameters: parameters)
    }

    /// Whether the next message is a Sync and all there.
    package var isNextSync: Bool {
        buffer.count - position >= 5 && buffer[position] == UInt8(ascii: "S")
    }

    /// The next message, when it is all there.
    package mutating func next() throws(MalformedBytes) -> FrontendMessage? {
        guard buffer.count - position >= 5 else { return nil }
        let length = Int(int32(position + 1))
        guard length >= 4, length <= maximumMessage else {
            throw MalformedBytes("invalid message length")
        }
        guard buffer.count - position >= length + 1 else { return nil }
        let kind = buffer[position]
        var reader = ByteReader(buffer, from: position + 5, to: position + 1 + length)
        position += length + 1
        guard FrontendDecoder.kinds.contains(kind) else {
            throw MalformedBytes("invalid frontend message type \(kind)")
        }
        do throws(MalformedBytes) {
            let message = try FrontendDecoder.decode(kind, &reader)
            guard reader.remaining == 0 else { throw MalformedBytes("invalid message format") }
            return message
        } catch {
            // The next message begins where it says: the connection can go on.
            let state: SQLState =
                error == ByteReader.notUTF8 ? .characterNotInRepertoire : .protocolViolation
            let reason =
                error == ByteReader.notUTF8
                ? "invalid byte sequence for encoding \"UTF8\"" : error.reason
            return .malformed(SQLError(state, reason), isQuery: kind == UInt8(ascii: "Q"))
        }
    }

    private static let kinds = Set("QPBDECHSXpdcfF".utf8)

    private static func decode(_ kind: UInt8, _ reader: inout ByteReader) throws(MalformedBytes)
        -> FrontendMessage
    {
        switch kind {
        case UInt8(ascii: "Q"): return .query(try reader.readCString())
        case UInt8(ascii: "P"):
            let name = try reader.readCString()
            let text = try reader.readCString()
            var types: [Int32] = []
            for _ in 0..<(try count(&reader, bytesEach: 4)) { types.append(try reader.readInt32()) }
            return .parse(name: name, text: text, types: types)
        case UInt8(ascii: "B"): return .bind(try bind(&reader))
        case UInt8(ascii: "D"):
            return .describe(try target(&reader), name: try reader.readCString())
        case UInt8(ascii: "E"):
            let portal = try reader.readCString()
            return .execute(portal: portal, rowLimit: try reader.readInt32())
        case UInt8(ascii: "C"): return .close(try target(&reader), name: try reader.readCString())
        case UInt8(ascii: "H"): return .flush
        case UInt8(ascii: "S"): return .sync
        case UInt8(ascii: "X"): return .terminate
        case UInt8(ascii: "p"): return .password(try reader.readBytes(reader.remaining))
        case UInt8(ascii: "d"): return .copyData(try reader.readBytes(reader.remaining))
        case UInt8(ascii: "c"): return .copyDone
        case UInt8(ascii: "f"): return .copyFail(try reader.readCString())
        case UInt8(ascii: "F"):
            try reader.skip(reader.remaining)
            return .functionCall
        default: throw MalformedBytes("invalid frontend message type \(kind)")
        }
    }

    private static func count(_ reader: inout ByteReader, bytesEach: Int) throws(MalformedBytes)
        -> Int
    {
        let count = Int(try reader.readUInt16())
        guard count * bytesEach <= reader.remaining else {
            throw MalformedBytes("invalid message format")
        }
        return count
    }

    private static func target(_ reader: inout ByteReader) throws(MalformedBytes)
        -> FrontendMessage.Target
    {
        switch try reader.readUInt8() {
        case UInt8(ascii: "S"): return .statement
        case UInt8(ascii: "P"): return .portal
        default: throw MalformedBytes("invalid DESCRIBE or CLOSE message subtype")
        }
    }

    private static func bind(_ reader: inout ByteReader) throws(MalformedBytes)
        -> FrontendMessage.Bind
    {
        let portal = try reader.readCString()
        let statement = try reader.readCString()
        var formats: [Int16] = []
        for _ in 0..<(try count(&reader, bytesEach: 2)) { formats.append(try reader.readInt16()) }
        var parameters: [[UInt8]?] = []
        for _ in 0..<(try count(&reader, bytesEach: 4)) {
            let length = try reader.readInt32()
            guard length >= -1 else { throw MalformedBytes("invalid parameter length") }
            parameters.append(length < 0 ? nil : try reader.readBytes(Int(length)))
        }
        var results: [Int16] = []
        for _ in 0..<(try count(&reader, bytesEach: 2)) { results.append(try reader.readInt16()) }
        return FrontendMessage.Bind(
            portal: portal, statement: statement, parameterFormats: formats, parameters: parameters,
            resultFormats: results)
    }
}
