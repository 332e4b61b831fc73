/// The English endings of ordinal numbers: 1st, 2nd, 3rd, 11th.
enum OrdinalSuffix: Sendable {
    case upper, lower

    /// The ending for a number that is written with these digits.
    func text(after digits: some BidirectionalCollection<UInt8>) -> [UInt8] {
        let isTeen = digits.dropLast().last == 49
        let ending =
            switch isTeen ? 48 : digits.last ?? 48 {
            case 49: "st"
            case 50: "nd"
            case 51: "rd"
            default: "th"
            }
        return Array((self == .upper ? ending.uppercased() : ending).utf8)
    }
}
