import Platform

/// `/healthz`, `/readyz` and `/metrics`: the little HTTP that operators' tools need.
struct HTTPResponder {
    let metrics: Metrics
    private static let maximumRequest = 16 << 10

    /// Answers requests on one connection until it ends.
    func serve(_ channel: Channel) async {
        var buffer: [UInt8] = []
        while true {
            guard let bytes = try? await channel.read(limit: 4096), !bytes.isEmpty else { return }
            buffer += bytes
            guard buffer.count <= HTTPResponder.maximumRequest else { return }
            while let end = HTTPResponder.endOfHead(buffer) {
                let head = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeFirst(end + 4)
                let keepsOpen =
                    !head.lowercased().contains("connection: close")
                    && !(head.split(separator: "\r\n").first?.hasSuffix("HTTP/1.0") ?? true)
                guard (try? await channel.write(response(head, keepsOpen: keepsOpen))) != nil else {
                    return
                }
                if !keepsOpen { return }
            }
        }
    }

    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 0...(bytes.count - 4)
        where bytes[index..<index + 4].elementsEqual([13, 10, 13, 10]) {
            return index
        }
        return nil
    }

    private func response(_ head: String, keepsOpen: Bool) -> [UInt8] {
        let words = head.split(separator: "\r\n").first?.split(separator: " ") ?? []
        guard words.count == 3, words[0] == "GET" || words[0] == "HEAD" else {
            return page(
                "405 Method Not Allowed", "only GET is answered here\n", keepsOpen, isHead: false)
        }
        let path = words[1].prefix { $0 != "?" }
        let isHead = words[0] == "HEAD"
        switch path {
        case "/healthz", "/readyz": return page("200 OK", "ok\n", keepsOpen, isHead: isHead)
        case "/metrics":
            return page(
                "200 OK", metrics.text, keepsOpen, isHead: isHead,
                type: "text/plain; version=0.0.4; charset=utf-8")
        default: return page("404 Not Found", "not found\n", keepsOpen, isHead: isHead)
        }
    }

    private func page(
        _ status: String, _ body: String, _ keepsOpen: Bool, isHead: Bool,
        type: String = "text/plain; charset=utf-8"
    ) -> [UInt8] {
        let head =
            "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n"
            + "Connection: \(keepsOpen ? "keep-alive" : "close")\r\n\r\n"
        return Array((isHead ? head : head + body).utf8)
    }
}
