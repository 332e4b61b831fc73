package import Platform

/// Why something could not be stored or read back.
package enum StorageError: Error, Sendable {
    case system(SystemError)
    /// Bytes on disk that are not what was written.
    case corrupt(file: String, reason: String)
    case missing(object: String)
    case index(String)
}

extension StorageError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .system(let error): error.description
        case .corrupt(let file, let reason): "\(file) is corrupt: \(reason)"
        case .missing(let object): "object \(object) is missing"
        case .index(let reason): "metadata index: \(reason)"
        }
    }
}

/// Runs platform calls and turns their failures into ours.
func storing<Result>(_ body: () throws(SystemError) -> Result) throws(StorageError) -> Result {
    do {
        return try body()
    } catch {
        throw .system(error)
    }
}
