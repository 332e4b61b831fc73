/// How jsonb values compare, over their canonical text.
///
/// Object > array > boolean > number > string > null; arrays and objects by their count first, then
/// piece by piece. Numbers are equal as numerics are, so 1 and 1.0 are one value of two images.
enum JSONOrder {
    private static let point = UInt8(46)

    /// The text that equal values share: without zeros at the end of fractions.
    /// - Returns: nil when the text is that already, as nearly all are.
    static func normalized(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard unsafe text.contains(point) else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var (index, isInString) = (0, false)
        while index < text.count {
            let byte = unsafe text[index]
            index += 1
            if isInString {
                output.append(byte)
                if byte == 92, index < text.count {
                    unsafe output.append(text[index])
                    index += 1
                } else if byte == 34 {
                    isInString = false
                }
            } else if byte == point {
                let start = index
                while index < text.count, unsafe (48...57).contains(text[index]) { index += 1 }
                var end = index
                while end > start, unsafe text[end - 1] == 48 { end -= 1 }
                if end > start {
                    output.append(point)
                    unsafe output.append(contentsOf: text[start..<end])
                }
            } else {
                isInString = byte == 34
                output.append(byte)
            }
        }
        return output
    }

    /// Whether two texts of other bytes are one value.
    static func areEqual(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
        let (left, right) = unsafe (normalized(a), normalized(b))
        if left == nil, right == nil { return false }
        return unsafe (left ?? Array(a)) == (right ?? Array(b))
    }

    /// -1, 0, 1.
    static func compare(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
        var (left, right): ([UInt8], [UInt8]) = ([], [])
        unsafe appendKey(a, to: &left)
        unsafe appendKey(b, to: &right)
        if left == right { return 0 }
        return left.lexicographicallyPrecedes(right) ? -1 : 1
    }

    /// Bytes whose order is the values' order and which end themselves.
    static func appendKey(_ text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        let bytes = unsafe Array(text)
        do throws(SQLError) {
            let value = try JSONText.parse(bytes)
            // At the top, and only there, an empty array comes before anything else.
            if case .array(let list) = value, list.isEmpty { return output.append(0) }
            append(value, to: &output)
        } catch {
            // What is stored has been read before; should it be none, it has an order all the same.
            output.append(255)
            OrderKey.append(text: bytes, to: &output)
        }
    }

    private static func append(_ value: JSONValue, to output: inout [UInt8]) {
        switch value {
        case .null: output.append(1)
        case .string(let text):
            output.append(2)
            OrderKey.append(text: text, to: &output)
        case .number(let number):
            output.append(3)
            OrderKey.append(number, to: &output)
        case .bool(let bool): output.append(contentsOf: [4, bool ? 1 : 0])
        case .array(let list):
            output.append(5)
            OrderKey.append(Int64(list.count), to: &output)
            for element in list { append(element, to: &output) }
        case .object(let pairs):
            output.append(6)
            OrderKey.append(Int64(pairs.count), to: &output)
            for pair in pairs {
                OrderKey.append(text: pair.key, to: &output)
                append(pair.value, to: &output)
            }
        }
    }
}

/// Whether two canonical texts of jsonb are one value.
package func jsonEqual(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
    unsafe a.elementsEqual(b) || JSONOrder.areEqual(a, b)
}
