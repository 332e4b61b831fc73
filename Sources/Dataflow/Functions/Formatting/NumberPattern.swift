/// A word of the template language of numbers, such as `9` or `MI`.
struct NumberPattern: Sendable {
    enum Kind: Hashable, Sendable {
        case nine, zero, point, comma, group, currency, minus, plus, sign, anchoredSign, bracket
        case roman(isLower: Bool), ordinal(OrdinalSuffix)
        case multiplier, scientific, fill, blank, unused

        /// What of it has a place in the output.
        var element: NumberTemplate.Element {
            switch self {
            case .nine: .nine
            case .zero: .zero
            case .point: .point
            case .comma: .comma
            case .group: .group
            case .currency: .currency
            case .minus: .minus
            case .plus: .plus
            case .sign: .sign
            case .roman(let isLower): .roman(isLower: isLower)
            case .ordinal(let suffix): .ordinal(suffix)
            case .anchoredSign, .bracket, .multiplier, .scientific, .fill, .blank, .unused: .mode
            }
        }
    }

    let name: [UInt8]
    let kind: Kind

    /// The longest pattern at the beginning of a text; letters are all upper or all lower case.
    static func first(in text: ArraySlice<UInt8>) -> NumberPattern? {
        all.first { text.starts(with: $0.name) }
    }

    private static let all: [NumberPattern] = {
        var patterns: [NumberPattern] = []
        for (name, kind) in names {
            patterns.append(NumberPattern(name: Array(name.utf8), kind: kind))
            let lowered = name.lowercased()
            guard lowered != name else { continue }
            let lowerKind: Kind =
                switch kind {
                case .roman: .roman(isLower: true)
                case .ordinal: .ordinal(.lower)
                default: kind
                }
            patterns.append(NumberPattern(name: Array(lowered.utf8), kind: lowerKind))
        }
        return patterns.sorted { $0.name.count > $1.name.count }
    }()

    private static let names: [(String, Kind)] = [
        ("9", .nine), ("0", .zero), (".", .point), ("D", .point), (",", .comma), ("G", .group),
        ("L", .currency), ("MI", .minus), ("PL", .plus), ("SG", .sign), ("S", .anchoredSign),
        ("PR", .bracket), ("RN", .roman(isLower: false)), ("TH", .ordinal(.upper)),
        ("V", .multiplier), ("EEEE", .scientific), ("FM", .fill), ("B", .blank), ("C", .unused),
        ("SP", .unused),
    ]
}
