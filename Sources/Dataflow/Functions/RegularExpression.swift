import CRe2
import Synchronization
import Types

/// A compiled regular expression; leftmost-longest, as PostgreSQL's AREs.
@safe
final class RegularExpression: @unchecked Sendable {
    // RE2 objects are safe to use from several threads.
    private let handle: OpaquePointer

    private init(handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe cre2_free(handle) }

    private static let cache = Mutex<[String: RegularExpression]>([:])
    private static let cacheLimit = 256

    /// Compiles, or finds a compiled one.
    /// - Throws: 2201B for a bad pattern, 0A000 for what RE2 cannot say.
    static func compiled(_ pattern: [UInt8], ignoreCase: Bool) throws(SQLError) -> RegularExpression
    {
        let text = String(decoding: pattern, as: UTF8.self)
        let key = (ignoreCase ? "i" : "c") + text
        if let found = cache.withLock({ $0[key] }) { return found }
        let translated = try translate(text)
        let bytes = translated.utf8.map { CChar(bitPattern: $0) }
        guard let handle = unsafe cre2_compile(bytes, bytes.count, ignoreCase ? 1 : 0) else {
            throw SQLError(.outOfMemory, "out of memory compiling a regular expression")
        }
        let made = unsafe RegularExpression(handle: handle)
        if let reason = unsafe cre2_error(handle) {
            throw SQLError(
                .invalidRegularExpression,
                "invalid regular expression: \(unsafe String(cString: reason))")
        }
        cache.withLock { cache in
            if cache.count >= cacheLimit { cache.removeAll() }
            cache[key] = made
        }
        return made
    }

    /// PostgreSQL's escapes that RE2 writes otherwise.
    private static func translate(_ pattern: String) throws(SQLError) -> String {
        var result = ""
        var rest = Substring(pattern)
        if rest.hasPrefix("***:") { rest = rest.dropFirst(4) }
        if rest.hasPrefix("***=") {
            return rest.dropFirst(4).map { $0.isLetter || $0.isNumber ? "\($0)" : "\\\($0)" }
                .joined()
        }
        while let character = rest.popFirst() {
            if character == "(", rest.hasPrefix("?") {
                let next = rest.dropFirst().first
                if next == "=" || next == "!" || next == "<" {
                    throw .unsupported("a lookaround constraint in a regular expression")
                }
            }
            guard character == "\\", let escaped = rest.popFirst() else {
                result.append(character)
                continue
            }
            switch escaped {
            case "y": result += "\\b"
            case "Y": result += "\\B"
            case "Z": result += "\\z"
            case "m", "M": throw .unsupported("\\\(escaped) in a regular expression")
            case "1"..."9": throw .unsupported("a back reference in a regular expression")
            default: result += "\\\(escaped)"
            }
        }
        return result
    }

    var groupCount: Int { unsafe Int(cre2_group_count(handle)) }

    /// Byte ranges of the match and its groups, the search beginning at `from`; nil when there is
    /// none.
    func find(_ text: UnsafeBufferPointer<UInt8>, from: Int = 0, groups: Int = 1) -> [Range<Int>?]?
    {
        var starts = [Int64](repeating: -1, count: groups)
        var lengths = [Int64](repeating: 0, count: groups)
        let found = unsafe text.withMemoryRebound(to: CChar.self) { characters in
            // An empty text has no address, which RE2 would take for "no match".
            unsafe withUnsafePointer(to: 0 as CChar) { empty in
                unsafe cre2_find(
                    handle, characters.baseAddress ?? empty, text.count, from, Int32(groups),
                    &starts,
                    &lengths)
            }
        }
        guard found != 0 else { return nil }
        return (0..<groups).map { index in
            starts[index] < 0 ? nil : Int(starts[index])..<Int(starts[index] + lengths[index])
        }
    }
}
