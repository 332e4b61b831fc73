package import Types

/// One column of a result, as RowDescription tells it.
package struct ResultColumn: Sendable {
    package var name: String
    package var type: DataType
    package var tableOID: Int32
    package var columnNumber: Int16
    /// 0 text, 1 binary.
    package var format: Int16
    /// What a value that is not NULL is shown as, where that is not its type's text.
    package var shownText: (@Sendable (Value) -> Value)?

    package init(
        name: String, type: DataType, tableOID: Int32 = 0, columnNumber: Int16 = 0,
        format: Int16 = 0
    ) {
        self.name = name
        self.type = type
        self.tableOID = tableOID
        self.columnNumber = columnNumber
        self.format = format
    }
}

/// Appends the server's messages to a buffer.
package struct BackendEncoder {
    package private(set) var buffer = ByteWriter(reserving: 8192)

    package init() {}

    package var count: Int { buffer.count }

    /// Everything appended so far; the encoder is empty afterwards.
    package mutating func take() -> [UInt8] {
        let bytes = buffer.bytes
        buffer = ByteWriter(reserving: 8192)
        return bytes
    }

    private mutating func message(_ kind: Character, _ body: (inout ByteWriter) -> Void) {
        buffer.write(kind.asciiValue ?? 0)
        let start = buffer.count
        buffer.write(Int32(0))
        body(&buffer)
        buffer.patch(Int32(buffer.count - start), at: start)
    }

    /// AuthenticationOk: nothing was asked.
    package mutating func authenticationOk() { message("R") { $0.write(Int32(0)) } }

    /// A setting that the client wants to know.
    package mutating func parameterStatus(_ name: String, _ value: String) {
        message("S") {
            $0.writeCString(name)
            $0.writeCString(value)
        }
    }

    /// What a cancel request has to name.
    package mutating func backendKeyData(processID: Int32, secret: Int32) {
        message("K") {
            $0.write(processID)
            $0.write(secret)
        }
    }

    /// Answers protocol options that we do not know.
    package mutating func negotiateProtocolVersion(unknownOptions: [String]) {
        message("v") {
            // The newest version that is spoken here, as PostgreSQL 15 sends it.
            $0.write(Int32(3 << 16))
            $0.write(Int32(unknownOptions.count))
            for option in unknownOptions { $0.writeCString(option) }
        }
    }

    /// `status`: I idle, T in a transaction, E in a failed one.
    package mutating func readyForQuery(_ status: Character) {
        message("Z") { $0.write(status.asciiValue ?? 73) }
    }

    /// ParseComplete.
    package mutating func parseComplete() { message("1") { _ in } }
    /// BindComplete.
    package mutating func bindComplete() { message("2") { _ in } }
    /// CloseComplete.
    package mutating func closeComplete() { message("3") { _ in } }
    /// NoData: the statement returns no rows.
    package mutating func noData() { message("n") { _ in } }
    /// PortalSuspended: the row limit was reached.
    package mutating func portalSuspended() { message("s") { _ in } }
    /// EmptyQueryResponse.
    package mutating func emptyQueryResponse() { message("I") { _ in } }
    /// CommandComplete with its tag.
    package mutating func commandComplete(_ tag: String) { message("C") { $0.writeCString(tag) } }

    /// ParameterDescription.
    package mutating func parameterDescription(_ types: [DataType]) {
        message("t") {
            $0.write(Int16(truncatingIfNeeded: types.count))
            for type in types { $0.write(type.oid) }
        }
    }

    /// RowDescription.
    package mutating func rowDescription(_ columns: [ResultColumn]) {
        message("T") {
            $0.write(Int16(truncatingIfNeeded: columns.count))
            for column in columns {
                $0.writeCString(column.name)
                $0.write(column.tableOID)
                $0.write(column.columnNumber)
                $0.write(column.type.oid)
                $0.write(column.type.wireLength)
                $0.write(column.type.modifier)
                $0.write(column.format)
            }
        }
    }

    /// One row of a batch. `columns` says type and format.
    package mutating func dataRow(_ views: [ColumnView], _ row: Int, _ columns: [ResultColumn]) {
        message("D") { output in
            output.write(Int16(truncatingIfNeeded: columns.count))
            for (index, column) in columns.enumerated() {
                let view = views[index]
                if view.isNull(row) {
                    output.write(Int32(-1))
                    continue
                }
                let start = output.count
                output.write(Int32(0))
                if column.format == 1 {
                    BinaryEncoding.append(view, row, column.type, to: &output)
                } else if let shownText = column.shownText {
                    let value: Value =
                        column.type.kind == .array
                        ? unsafe .text(Array(view.text(row))) : .int(view.int64(row))
                    if case .text(let bytes) = shownText(value) { output.write(contentsOf: bytes) }
                } else {
                    TextEncoding.append(view, row, column.type, to: &output.bytes)
                }
                output.patch(Int32(output.count - start - 4), at: start)
            }
        }
    }

    /// ErrorResponse, with every field that the error has.
    /// CopyInResponse (G) or CopyOutResponse (H): binary or text, for all columns alike.
    package mutating func copyResponse(isIn: Bool, isBinary: Bool, columns: Int) {
        message(isIn ? "G" : "H") {
            $0.write(UInt8(isBinary ? 1 : 0))
            $0.write(Int16(columns))
            for _ in 0..<columns { $0.write(Int16(isBinary ? 1 : 0)) }
        }
    }

    package mutating func copyData(_ bytes: [UInt8]) {
        message("d") { $0.write(contentsOf: bytes) }
    }

    package mutating func copyDone() { message("c") { _ in } }

    package mutating func error(_ error: SQLError, severity: String = "ERROR") {
        message("E") { BackendEncoder.fields(error, severity, to: &$0) }
    }

    /// NoticeResponse.
    package mutating func notice(_ error: SQLError, severity: String = "NOTICE") {
        message("N") { BackendEncoder.fields(error, severity, to: &$0) }
    }

    private static func fields(_ error: SQLError, _ severity: String, to output: inout ByteWriter) {
        func field(_ code: Character, _ value: String?) {
            guard let value else { return }
            output.write(code.asciiValue ?? 0)
            output.writeCString(value.replacingZeros)
        }
        field("S", severity)
        field("V", severity)
        field("C", error.state.code)
        field("M", error.message)
        field("D", error.detail)
        field("H", error.hint)
        field("P", error.position.map(String.init))
        field("W", error.context)
        field("t", error.table)
        field("c", error.column)
        field("n", error.constraint)
        output.write(UInt8(0))
    }
}

extension String {
    /// Without zero bytes, which would end a field early.
    fileprivate var replacingZeros: String { utf8.contains(0) ? filter { $0 != "\0" } : self }
}
