/// Decides how a connection begins: encryption requests, cancel requests, start-up.
package struct StartupStateMachine: ~Copyable {
    /// What the driver is to do.
    package enum Action: Equatable, Sendable {
        /// Answer with the one byte N: not available.
        case refuseEncryption
        case cancel(processID: Int32, secret: Int32)
        case start(parameters: [String: String], unknownOptions: [String], minorVersion: Int)
        case close(reason: String)
    }

    private enum Phase { case awaitingStartup(requests: Int), done }

    private var phase = Phase.awaitingStartup(requests: 0)

    package init() {}

    /// What a start-up packet leads to.
    package mutating func received(_ message: StartupMessage) -> Action {
        guard case .awaitingStartup(let requests) = phase else {
            return .close(reason: "second startup message")
        }
        switch message {
        case .sslRequest, .gssRequest:
            // Each may be asked once; more is a peer that does not listen.
            guard requests < 2 else {
                phase = .done
                return .close(reason: "too many encryption requests")
            }
            phase = .awaitingStartup(requests: requests + 1)
            return .refuseEncryption
        case .cancel(let processID, let secret):
            phase = .done
            return .cancel(processID: processID, secret: secret)
        case .startup(let minorVersion, let parameters):
            phase = .done
            let unknown = parameters.keys.filter { $0.hasPrefix("_pq_.") }.sorted()
            return .start(
                parameters: parameters, unknownOptions: unknown, minorVersion: minorVersion)
        }
    }
}
