import Synchronization

/// A number that goes up, or that is set.
package final class Metric: Sendable {
    private let cell = Atomic<Int64>(0)

    /// Goes up by `amount`.
    package func add(_ amount: Int64 = 1) { cell.wrappingAdd(amount, ordering: .relaxed) }

    /// Becomes `value`.
    package func set(_ value: Int64) { cell.store(value, ordering: .relaxed) }

    package var value: Int64 { cell.load(ordering: .relaxed) }
}

/// The metrics of one process, in Prometheus' text format.
package final class Metrics: Sendable {
    private struct Family {
        var help: String
        var kind: String
        var series: [(labels: String, metric: Metric)] = []
    }

    private let families = Mutex<[(name: String, family: Family)]>([])

    package init() {}

    /// The counter of this name and these labels; made at first use.
    package func counter(_ name: String, help: String, labels: [(String, String)] = []) -> Metric {
        metric(name, help, "counter", labels)
    }

    /// The gauge of this name and these labels; made at first use.
    package func gauge(_ name: String, help: String, labels: [(String, String)] = []) -> Metric {
        metric(name, help, "gauge", labels)
    }

    private func metric(
        _ name: String, _ help: String, _ kind: String, _ labels: [(String, String)]
    )
        -> Metric
    {
        let text = labels.map { "\($0.0)=\"\(Metrics.escaped($0.1))\"" }.joined(separator: ",")
        return families.withLock { families in
            var index = families.firstIndex { $0.name == name }
            if index == nil {
                families.append((name, Family(help: help, kind: kind)))
                index = families.count - 1
            }
            let at = index ?? 0
            if let found = families[at].family.series.first(where: { $0.labels == text }) {
                return found.metric
            }
            let metric = Metric()
            families[at].family.series.append((text, metric))
            return metric
        }
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.append(character)
            }
        }
        return result
    }

    /// The whole page for a scrape.
    package var text: String {
        families.withLock { families in
            var page = ""
            for (name, family) in families {
                page += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind)\n"
                for (labels, metric) in family.series {
                    page += labels.isEmpty ? name : "\(name){\(labels)}"
                    page += " \(metric.value)\n"
                }
            }
            return page
        }
    }
}
