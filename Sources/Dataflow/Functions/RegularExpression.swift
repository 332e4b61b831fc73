import CPcre2
import CRe2
import Synchronization
import Types

/// A compiled regular expression. RE2 runs it, leftmost-longest as PostgreSQL's, in time linear in the
/// text; PCRE2, with limits, runs what RE2 cannot say.
@safe
final class RegularExpression: @unchecked Sendable {
    // Compiled patterns of both libraries are safe to use from several threads.
    @safe
    private enum Engine {
        case re2(OpaquePointer)
        case pcre2(OpaquePointer)
    }

    private let engine: Engine
    /// Groups of the pattern, the whole not counted.
    let groupCount: Int

    private init(_ engine: Engine) {
        self.engine = engine
        groupCount =
            switch engine {
            case .re2(let handle): unsafe Int(cre2_group_count(handle))
            case .pcre2(let handle): unsafe Int(cpcre2_group_count(handle))
            }
    }

    deinit {
        switch engine {
        case .re2(let handle): unsafe cre2_free(handle)
        case .pcre2(let handle): unsafe cpcre2_free(handle)
        }
    }

    private struct Key: Hashable {
        let pattern: [UInt8]
        let options: RegexSyntax.Options
    }

    private static let cache = Mutex<[Key: RegularExpression]>([:])
    private static let cacheLimit = 256

    /// Compiles, or finds a compiled one.
    /// - Throws: 2201B for a bad pattern, 22023 for bad options in it.
    static func compiled(_ pattern: [UInt8], _ options: RegexSyntax.Options) throws(SQLError)
        -> RegularExpression
    {
        let key = Key(pattern: pattern, options: options)
        if let found = cache.withLock({ $0[key] }) { return found }
        let syntax = try RegexSyntax(String(decoding: pattern, as: UTF8.self), options)
        let made = RegularExpression(
            syntax.backtracks ? try backtracking(syntax) : try linear(syntax))
        cache.withLock { cache in
            if cache.count >= cacheLimit { cache.removeAll() }
            cache[key] = made
        }
        return made
    }

    private static func invalid(_ reason: String) -> SQLError {
        SQLError(.invalidRegularExpression, "invalid regular expression: \(reason)")
    }

    private static func linear(_ syntax: RegexSyntax) throws(SQLError) -> Engine {
        let options = syntax.options
        let mode = (options.dotMatchesNewline ? "s" : "") + (options.matchesLines ? "m" : "")
        let off = options.dotMatchesNewline ? "" : "-s"
        let flags = mode.isEmpty && off.isEmpty ? "" : "(?\(mode)\(off))"
        let bytes = (flags + syntax.text).utf8.map { CChar(bitPattern: $0) }
        guard let handle = unsafe cre2_compile(bytes, bytes.count, options.ignoresCase ? 1 : 0)
        else { throw SQLError(.outOfMemory, "out of memory compiling a regular expression") }
        if let reason = unsafe cre2_error(handle) {
            let error = invalid(unsafe String(cString: reason))
            unsafe cre2_free(handle)
            throw error
        }
        return unsafe .re2(handle)
    }

    private static func backtracking(_ syntax: RegexSyntax) throws(SQLError) -> Engine {
        let options = syntax.options
        var text = syntax.text
        // A comment ends with its line.
        if syntax.preference != .first {
            text = "(?:\(text)\(options.isExtended ? "\n" : ""))(?C1)"
        }
        let preference =
            switch syntax.preference {
            case .first: Int32(cpcre2_first)
            case .longest: Int32(cpcre2_longest)
            case .shortest: Int32(cpcre2_shortest)
            }
        let bytes = text.utf8.map { CChar(bitPattern: $0) }
        var reason = [UInt8](repeating: 0, count: 256)
        let handle = unsafe reason.withUnsafeMutableBytes { buffer in
            unsafe cpcre2_compile(
                bytes, bytes.count, options.ignoresCase ? 1 : 0, options.dotMatchesNewline ? 1 : 0,
                options.matchesLines ? 1 : 0, options.isExtended ? 1 : 0,
                preference, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        guard let handle = unsafe handle else {
            throw invalid(String(decoding: reason.prefix { $0 != 0 }, as: UTF8.self))
        }
        return unsafe .pcre2(handle)
    }

    /// Byte ranges of the match and its groups, the search beginning at `from`; nil when there is
    /// none.
    /// - Throws: 54000 when a backtracking pattern takes too many steps.
    func find(_ text: UnsafeBufferPointer<UInt8>, from: Int = 0, groups: Int = 1) throws(SQLError)
        -> [Range<Int>?]?
    {
        var starts = [Int64](repeating: -1, count: groups)
        var lengths = [Int64](repeating: 0, count: groups)
        let found = unsafe try search(text, from, groups, &starts, &lengths)
        guard found else { return nil }
        return (0..<groups).map { index in
            starts[index] < 0 ? nil : Int(starts[index])..<Int(starts[index] + lengths[index])
        }
    }

    /// - Returns: whether there is a match; its ranges are written where the pointers lead.
    private func search(
        _ text: UnsafeBufferPointer<UInt8>, _ from: Int, _ groups: Int,
        _ starts: UnsafeMutablePointer<Int64>, _ lengths: UnsafeMutablePointer<Int64>
    ) throws(SQLError) -> Bool {
        // An empty text has no address, which the libraries would take for an error.
        let found = unsafe withUnsafeBytes(of: UInt64(0)) { spare -> Int32 in
            let none = unsafe spare.baseAddress?.assumingMemoryBound(to: UInt8.self)
            guard let start = unsafe text.baseAddress ?? none else { return 0 }
            return unsafe start.withMemoryRebound(to: CChar.self, capacity: max(text.count, 1)) {
                switch engine {
                case .re2(let handle):
                    unsafe cre2_find(handle, $0, text.count, from, Int32(groups), starts, lengths)
                case .pcre2(let handle):
                    unsafe cpcre2_find(handle, $0, text.count, from, Int32(groups), starts, lengths)
                }
            }
        }
        guard found >= 0 else {
            throw SQLError(
                .programLimitExceeded, "the regular expression takes too many steps",
                hint:
                    "Back references, lookaround and non-greedy repeats are matched by trial; make them simpler."
            )
        }
        return found != 0
    }

    /// The byte range of the match, or of its first group; nil when there is none.
    /// - Throws: 54000 when a backtracking pattern takes too many steps.
    func piece(_ text: Cells<UInt8>, group: Int) throws(SQLError) -> Range<Int>? {
        let bytes = unsafe UnsafeBufferPointer(
            start: UnsafePointer(text.unsafePointer), count: text.count)
        // Starts, then lengths.
        var places: (Int64, Int64, Int64, Int64) = (-1, -1, 0, 0)
        let found = unsafe try withUnsafeMutableBytes(of: &places) {
            (buffer) throws(SQLError) -> Bool in
            guard let start = buffer.baseAddress else { return false }
            let cells = unsafe start.assumingMemoryBound(to: Int64.self)
            return unsafe try search(bytes, 0, group + 1, cells, cells + 2)
        }
        let (start, length) = group == 0 ? (places.0, places.2) : (places.1, places.3)
        return found && start >= 0 ? Int(start)..<Int(start + length) : nil
    }

    func find(_ text: [UInt8], from: Int = 0, groups: Int = 1) throws(SQLError) -> [Range<Int>?]? {
        unsafe try text.withUnsafeBufferPointer { (buffer) throws(SQLError) in
            unsafe try find(buffer, from: from, groups: groups)
        }
    }
}

/// The expression of the row before, which is that of the next row more often than not.
struct RegexMemo {
    private var last: (pattern: [UInt8], flags: [UInt8], compiled: RegularExpression)?

    /// Without a copy of a pattern that is the same again.
    mutating func compiled(_ pattern: Cells<UInt8>) throws(SQLError) -> RegularExpression {
        if let last, last.flags.isEmpty, last.pattern.count == pattern.count,
            last.pattern.indices.allSatisfy({ last.pattern[$0] == pattern[$0] })
        {
            return last.compiled
        }
        return try compiled((0..<pattern.count).map { pattern[$0] })
    }

    mutating func compiled(
        _ pattern: [UInt8], flags: [UInt8] = [], ignoringCase: Bool = false,
        ownRepeats: Bool = false
    ) throws(SQLError) -> RegularExpression {
        if let last, last.pattern == pattern, last.flags == flags { return last.compiled }
        var options = RegexSyntax.Options()
        options.ignoresCase = ignoringCase
        options.hasOwnRepeats = ownRepeats
        // g says how often, not what.
        try options.apply(String(decoding: flags.filter { $0 != 103 }, as: UTF8.self))
        let compiled = try RegularExpression.compiled(pattern, options)
        last = (pattern, flags, compiled)
        return compiled
    }
}
