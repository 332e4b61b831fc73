import Glibc
import Synchronization

/// Lines for the operator, on stderr: lower-case fragments with key=value fields, no secrets.
package final class Log: Sendable {
    /// How important a line is; lines below the log's level are dropped.
    package enum Level: Int, Sendable, Comparable {
        case trace, debug, info, warning, error

        package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }

        /// The level of this name, or nil.
        package init?(name: String) {
            switch name {
            case "trace": self = .trace
            case "debug": self = .debug
            case "info": self = .info
            case "warning": self = .warning
            case "error": self = .error
            default: return nil
            }
        }
    }

    private let level: Level
    private let lock = Mutex<Void>(())

    package init(level: Level) { self.level = level }

    /// Writes a line when `level` is not below the log's own.
    package func write(
        _ level: Level, _ message: String, _ fields: KeyValuePairs<String, String> = [:]
    ) {
        guard level >= self.level else { return }
        var line = "\(level) \(message)"
        for (key, value) in fields {
            let quoted = value.contains(where: { $0 == " " || $0 == "\n" || $0 == "\"" })
            line += " \(key)=" + (quoted ? "\"\(value.replacing("\n", "\\n"))\"" : value)
        }
        line += "\n"
        lock.withLock { _ in
            let bytes = Array(line.utf8)
            _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress, $0.count) }
        }
    }

    /// Data at risk, or an invariant broken.
    package func error(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
        write(.error, message, fields)
    }

    /// Unexpected, but recovered from.
    package func warning(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
        write(.warning, message, fields)
    }

    /// Lifecycle and definitions.
    package func info(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
        write(.info, message, fields)
    }

    /// What happens once an epoch or a connection.
    package func debug(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
        write(.debug, message, fields)
    }
}

extension String {
    /// All occurrences of a character replaced.
    fileprivate func replacing(_ character: Character, _ replacement: String) -> String {
        var result = ""
        for each in self { result += each == character ? replacement : String(each) }
        return result
    }
}
