import CCrypto
import Types

/// md5 and the SHA-2 family, by OpenSSL.
enum DigestFunctions {
    static let all: [ScalarFunction] =
        [DataType.text, .bytea].map { type in
            ScalarFunction("md5", [type], .text, canFail: true) { e, c in
                RowKernels.texts(e, c) { (row) throws(SQLError) in
                    try digest("MD5", c[0].textBytes(row)).flatMap {
                        [hex[Int($0 >> 4)], hex[Int($0 & 15)]]
                    }
                }
            }
        }
        + [("sha224", "SHA224"), ("sha256", "SHA256"), ("sha384", "SHA384"), ("sha512", "SHA512")]
        .map { name, algorithm in
            ScalarFunction(name, [.bytea], .bytea, canFail: true) { e, c in
                RowKernels.texts(e, c) { (row) throws(SQLError) in
                    try digest(algorithm, c[0].textBytes(row))
                }
            }
        }

    private static let hex = Array("0123456789abcdef".utf8)

    private static func digest(_ algorithm: String, _ bytes: [UInt8]) throws(SQLError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: 64)
        var count = 64
        let isDone = unsafe EVP_Q_digest(nil, algorithm, nil, bytes, bytes.count, &output, &count)
        guard isDone == 1 else {
            throw SQLError.unsupported("\(algorithm) with this system's OpenSSL")
        }
        return Array(output.prefix(count))
    }
}
