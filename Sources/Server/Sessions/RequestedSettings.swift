import Planner
import Synchronization
import Types

/// What set_config() has set in the statement that runs; the session takes it over behind it.
final class RequestedSettings: SettingWriter {
    struct Request {
        let name: String
        let value: String?
        let isLocal: Bool
    }

    private struct State {
        var settings: SessionSettings?
        var requests: [Request] = []
    }

    private let state = Mutex(State())

    /// Before a statement: what its calls change.
    func begin(_ settings: SessionSettings) {
        state.withLock { state in
            if state.requests.isEmpty { state.settings = settings }
        }
    }

    func set(_ name: String, _ value: String?, isLocal: Bool) throws(SQLError) -> String {
        let result: Result<String, SQLError> = state.withLock { state in
            Result { () throws(SQLError) in
                try state.settings?.set(name, value)
                state.requests.append(Request(name: name, value: value, isLocal: isLocal))
                return state.settings?.values[name.lowercased()] ?? value ?? ""
            }
        }
        return try result.get()
    }

    /// What has been set, once.
    func take() -> [Request] {
        state.withLock { state in
            defer { state = State() }
            return state.requests
        }
    }
}
