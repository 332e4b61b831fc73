package import Types

/// What a client says after start-up (PostgreSQL manual, chapter "Message Formats").
package enum FrontendMessage: Equatable, Sendable {
    /// What Describe and Close are about.
    package enum Target: Equatable, Sendable { case statement, portal }

    /// The fields of Bind.
    package struct Bind: Equatable, Sendable {
        package var portal: String
        package var statement: String
        /// 0 text, 1 binary; none: all text; one: for all.
        package var parameterFormats: [Int16]
        package var parameters: [[UInt8]?]
        package var resultFormats: [Int16]
    }

    case query(String)
    case parse(name: String, text: String, types: [Int32])
    case bind(Bind)
    case describe(Target, name: String)
    case execute(portal: String, rowLimit: Int32)
    case close(Target, name: String)
    case flush
    case sync
    case terminate
    case password([UInt8])
    case copyData([UInt8])
    case copyDone
    case copyFail(String)
    case functionCall
    /// A message whose length is right and whose content is not; `isQuery`: of the simple protocol.
    case malformed(SQLError, isQuery: Bool)
}

/// The first packet of a connection.
package enum StartupMessage: Equatable, Sendable {
    case startup(minorVersion: Int, parameters: [String: String])
    case sslRequest
    case gssRequest
    case cancel(processID: Int32, secret: Int32)
}
