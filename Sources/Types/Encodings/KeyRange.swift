/// A half-open range of order keys (`OrderKey`), compared byte by byte.
package struct KeyRange: Hashable, Sendable {
    package let lower: [UInt8]
    /// nil: no end.
    package let upper: [UInt8]?

    package init(lower: [UInt8], upper: [UInt8]?) {
        self.lower = lower
        self.upper = upper
    }

    /// The first key behind all that begin with `prefix`; nil when there is none.
    package static func end(of prefix: [UInt8]) -> [UInt8]? {
        var bytes = prefix
        while let last = bytes.last {
            if last < 255 {
                bytes[bytes.count - 1] = last + 1
                return bytes
            }
            bytes.removeLast()
        }
        return nil
    }
}
