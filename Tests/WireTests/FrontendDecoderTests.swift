import Testing
import Types
import Wire

@Suite struct FrontendDecoderTests {
    /// One of each message, as a client would send it.
    static let messages: [FrontendMessage] = [
        .query("SELECT 1"), .query(""), .query("sélect 'ü'"),
        .parse(name: "s1", text: "SELECT $1", types: [23, 0]),
        .parse(name: "", text: "", types: []),
        emptyBind, fullBind,
        .describe(.statement, name: "s1"), .describe(.portal, name: ""),
        .execute(portal: "p", rowLimit: 7), .execute(portal: "", rowLimit: -1),
        .close(.statement, name: "s1"), .close(.portal, name: "p"), .flush, .sync,
        .password([115, 0]), .copyData([1, 2, 0, 3]), .copyData([]), .copyDone, .copyFail("no"),
        .functionCall, .terminate,
    ]

    /// What a Bind without parameters reads as; its fields are pinned by `aBindHasAllItsFields`.
    static let emptyBind: FrontendMessage = {
        var decoder = FrontendDecoder()
        decoder.feed(framed("B", [0, 0, 0, 0, 0, 0, 0, 0]))
        return (try? decoder.next()) ?? .flush
    }()

    static let fullBind: FrontendMessage = {
        guard case .bind(var bind) = emptyBind else { return .flush }
        bind.portal = "p"
        bind.statement = "s1"
        bind.parameterFormats = [0, 1]
        bind.parameters = [[49, 50], nil, []]
        bind.resultFormats = [1]
        return .bind(bind)
    }()

    @Test func aBindHasAllItsFields() throws {
        guard case .bind(let empty) = Self.emptyBind else {
            Issue.record("an empty Bind is not read")
            return
        }
        #expect(empty.portal.isEmpty && empty.statement.isEmpty && empty.parameterFormats.isEmpty)
        #expect(empty.parameters.isEmpty && empty.resultFormats.isEmpty)
    }

    // MARK: - The client's half of the codec

    private static func target(_ target: FrontendMessage.Target) -> UInt8 {
        target == .statement ? UInt8(ascii: "S") : UInt8(ascii: "P")
    }

    private static func body(_ bind: FrontendMessage.Bind, _ writer: inout ByteWriter) {
        writer.writeCString(bind.portal)
        writer.writeCString(bind.statement)
        writer.write(Int16(bind.parameterFormats.count))
        for format in bind.parameterFormats { writer.write(format) }
        writer.write(Int16(bind.parameters.count))
        for parameter in bind.parameters {
            writer.write(Int32(parameter?.count ?? -1))
            writer.write(contentsOf: parameter ?? [])
        }
        writer.write(Int16(bind.resultFormats.count))
        for format in bind.resultFormats { writer.write(format) }
    }

    static func encoded(_ message: FrontendMessage) -> [UInt8] {
        var writer = ByteWriter()
        let kind: Character
        switch message {
        case .query(let text):
            kind = "Q"
            writer.writeCString(text)
        case .parse(let name, let text, let types):
            kind = "P"
            writer.writeCString(name)
            writer.writeCString(text)
            writer.write(Int16(types.count))
            for type in types { writer.write(type) }
        case .bind(let bind):
            kind = "B"
            body(bind, &writer)
        case .describe(let what, let name), .close(let what, let name):
            if case .close = message { kind = "C" } else { kind = "D" }
            writer.write(target(what))
            writer.writeCString(name)
        case .execute(let portal, let limit):
            kind = "E"
            writer.writeCString(portal)
            writer.write(limit)
        case .flush: kind = "H"
        case .sync: kind = "S"
        case .terminate: kind = "X"
        case .password(let bytes):
            kind = "p"
            writer.write(contentsOf: bytes)
        case .copyData(let bytes):
            kind = "d"
            writer.write(contentsOf: bytes)
        case .copyDone: kind = "c"
        case .copyFail(let reason):
            kind = "f"
            writer.writeCString(reason)
        case .functionCall: kind = "F"
        case .malformed(_, let isQuery): kind = isQuery ? "Q" : "P"
        }
        return framed(kind, writer.bytes)
    }

    private static func framed(_ kind: Character, _ body: [UInt8]) -> [UInt8] {
        var frame = ByteWriter()
        frame.write(kind.asciiValue ?? 0)
        frame.write(Int32(body.count + 4))
        frame.write(contentsOf: body)
        return frame.bytes
    }

    private static func startup(_ code: Int32, _ rest: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(Int32(rest.count + 8))
        writer.write(code)
        writer.write(contentsOf: rest)
        return writer.bytes
    }

    // MARK: - Messages

    @Test func manyMessagesInOneBufferComeOutInOrder() throws {
        var decoder = FrontendDecoder()
        decoder.feed(Self.messages.flatMap(Self.encoded))
        var found: [FrontendMessage] = []
        while let message = try decoder.next() { found.append(message) }
        #expect(found == Self.messages)
    }

    @Test func bytesOneByOneGiveTheSameMessages() throws {
        var decoder = FrontendDecoder()
        var found: [FrontendMessage] = []
        for byte in Self.messages.flatMap(Self.encoded) {
            decoder.feed([byte])
            while let message = try decoder.next() { found.append(message) }
        }
        #expect(found == Self.messages)
    }

    @Test(arguments: [3, 7, 64, 70_000])
    func piecesOfAnySizeGiveTheSameMessages(size: Int) throws {
        let long = Self.messages + [.query(String(repeating: "x", count: 150_000)), .sync]
        let bytes = long.flatMap(Self.encoded)
        var decoder = FrontendDecoder()
        var found: [FrontendMessage] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            decoder.feed(Array(bytes[start..<min(start + size, bytes.count)]))
            while let message = try decoder.next() { found.append(message) }
        }
        #expect(found == long)
    }

    @Test(arguments: messages)
    func aMessageCutAnywhereIsAwaited(message: FrontendMessage) throws {
        let bytes = Self.encoded(message)
        for length in 0..<bytes.count {
            var decoder = FrontendDecoder()
            decoder.feed(Array(bytes[..<length]))
            #expect(try decoder.next() == nil, "cut at \(length)")
        }
    }

    /// The length says that the body ends early: the fields in it run past its end.
    @Test(arguments: messages)
    func aBodyShorterThanItsFieldsIsRefusedOrReadsNothingBeyond(message: FrontendMessage) throws {
        let bytes = Self.encoded(message)
        for length in 5..<max(bytes.count, 5) {
            var cut = Array(bytes[..<length])
            let declared = Int32(length - 1)
            for index in 0..<4 {
                cut[1 + index] = UInt8(truncatingIfNeeded: declared >> Int32(24 - index * 8))
            }
            var decoder = FrontendDecoder()
            decoder.feed(cut + Self.encoded(.sync))
            // Opaque payloads may be of any length; everything else notices.
            let found = try decoder.next()
            switch found {
            case .password, .copyData, .malformed: break
            default:
                Issue.record("\(message) cut to \(length) gave \(String(describing: found))")
            }
            #expect(try decoder.next() == .sync)
        }
    }

    @Test(arguments: [Int32.min, -1, 0, 3, 1025, Int32.max])
    func hostileLengthsAreRefusedBeforeTheirBytesAreAwaited(length: Int32) {
        var writer = ByteWriter()
        writer.write(UInt8(ascii: "Q"))
        writer.write(length)
        let bytes = writer.bytes
        #expect(throws: MalformedBytes("invalid message length")) {
            var decoder = FrontendDecoder(maximumMessage: 1024)
            decoder.feed(bytes)
            _ = try decoder.next()
        }
    }

    static let malformed: [(kind: Character, body: [UInt8])] = [
        // Bytes behind the last field.
        ("S", [0]), ("Q", Array("a\0b\0".utf8)),
        // No final zero; not UTF-8.
        ("Q", Array("SELECT 1".utf8)), ("Q", [0xFF, 0]),
        // More types, formats or parameters than bytes.
        ("P", [0, 0, 0x7F, 0xFF]), ("B", [0, 0, 0xFF, 0xFF]), ("B", [0, 0, 0, 0, 0xFF, 0xFF]),
        // A parameter longer than the message; a length below -1.
        ("B", [0, 0, 0, 0, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0]),
        ("B", [0, 0, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFE, 0, 0]),
        ("D", [UInt8(ascii: "X"), 0]), ("C", []),
    ]

    @Test(arguments: malformed)
    func malformedBodiesAreToldAndTheNextMessageIsRead(kind: Character, body: [UInt8]) throws {
        var decoder = FrontendDecoder()
        decoder.feed(Self.framed(kind, body) + Self.encoded(.sync))
        guard case .malformed(let error, let isQuery)? = try decoder.next() else {
            Issue.record("a malformed \(kind) is taken")
            return
        }
        #expect(isQuery == (kind == "Q"))
        #expect(
            error.state == (body == [0xFF, 0] ? .characterNotInRepertoire : .protocolViolation))
        #expect(try decoder.next() == .sync)
    }

    @Test func anUnknownKindEndsTheConnection() {
        #expect(throws: MalformedBytes("invalid frontend message type 33")) {
            var decoder = FrontendDecoder()
            decoder.feed(Self.framed("!", []))
            _ = try decoder.next()
        }
    }

    @Test func aSyncThatComesNextIsSeen() throws {
        var decoder = FrontendDecoder()
        let bytes = Self.encoded(.flush) + Self.encoded(.sync)
        decoder.feed(Array(bytes.dropLast()))
        #expect(!decoder.isNextSync)
        #expect(try decoder.next() == .flush)
        #expect(!decoder.isNextSync)
        decoder.feed([bytes[bytes.count - 1]])
        #expect(decoder.isNextSync)
        #expect(try decoder.next() == .sync)
        #expect(!decoder.isNextSync)
    }

    // MARK: - Start-up packets

    static let startups: [(bytes: [UInt8], message: StartupMessage)] = [
        (startup(80_877_103, []), .sslRequest),
        (startup(80_877_104, []), .gssRequest),
        (
            startup(80_877_102, [0, 0, 0, 9, 0xFF, 0xFF, 0xFF, 0xFE]),
            .cancel(processID: 9, secret: -2)
        ),
        (
            startup(196_608, Array("user\0anna\0database\0shop\0\0".utf8)),
            .startup(minorVersion: 0, parameters: ["user": "anna", "database": "shop"])
        ),
        (
            startup(196_610, Array("user\0a\0\0".utf8)),
            .startup(minorVersion: 2, parameters: ["user": "a"])
        ),
    ]

    @Test(arguments: startups)
    func startupPacketsAreReadHoweverTheyArrive(bytes: [UInt8], message: StartupMessage) throws {
        var whole = FrontendDecoder()
        whole.feed(bytes + Self.encoded(.sync))
        #expect(try whole.nextStartup() == message)
        #expect(try whole.next() == .sync)
        var dripped = FrontendDecoder()
        for byte in bytes {
            #expect(try dripped.nextStartup() == nil)
            dripped.feed([byte])
        }
        #expect(try dripped.nextStartup() == message)
    }

    @Test(arguments: [Int32.min, -1, 0, 7, 10_001, Int32.max])
    func hostileStartupLengthsAreRefused(length: Int32) {
        var writer = ByteWriter()
        writer.write(length)
        let bytes = writer.bytes
        #expect(throws: MalformedBytes.self) {
            var decoder = FrontendDecoder()
            decoder.feed(bytes)
            _ = try decoder.nextStartup()
        }
    }

    static let badStartups: [[UInt8]] = [
        startup(131_072, []), startup(0, []), startup(80_877_102, [0, 0, 0, 1]),
        startup(196_608, Array("user".utf8)), startup(196_608, Array("user\0anna".utf8)),
    ]

    @Test(arguments: badStartups)
    func otherProtocolsAndCutFieldsAreRefused(bytes: [UInt8]) {
        #expect(throws: MalformedBytes.self) {
            var decoder = FrontendDecoder()
            decoder.feed(bytes)
            _ = try decoder.nextStartup()
        }
    }
}
