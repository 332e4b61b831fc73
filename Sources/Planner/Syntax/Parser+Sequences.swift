import Types

/// CREATE SEQUENCE, ALTER SEQUENCE and the options that identity columns share with them.
extension Parser {
    mutating func createSequence() throws(SQLError) -> Statement {
        let ifNotExists = ifNotExists()
        let name = try qualifiedName()
        return .createSequence(name, ifNotExists: ifNotExists, try sequenceOptions())
    }

    /// As many options as there are.
    mutating func sequenceOptions(isAltering: Bool = false) throws(SQLError) -> SequenceOptions {
        var options = SequenceOptions()
        options.at = token.start
        var seen: Set<String> = []
        while case .word(let word) = peek {
            let at = token.start
            // NO MINVALUE is the same option as MINVALUE.
            var name = word
            if word == "no", case .word(let second) = peek(ahead: 1) { name = second }
            guard try sequenceOption(word, &options, isAltering: isAltering) else { break }
            guard seen.insert(name).inserted else {
                throw SQLError(
                    .syntaxError, "conflicting or redundant options", position: position(at))
            }
        }
        return options
    }

    /// - Returns: false when the word begins no option.
    private mutating func sequenceOption(
        _ word: String, _ options: inout SequenceOptions, isAltering: Bool
    ) throws(SQLError) -> Bool {
        switch word {
        case "as":
            advance()
            options.type = try typeName()
        case "increment":
            advance()
            _ = accept("by")
            options.increment = try signedInteger()
        case "minvalue":
            advance()
            options.minimum = .value(try signedInteger())
        case "maxvalue":
            advance()
            options.maximum = .value(try signedInteger())
        case "start":
            advance()
            _ = accept("with")
            options.start = try signedInteger()
        case "restart" where isAltering:
            advance()
            let isGiven = accept("with")
            if case .integer = peek {
                options.restart = .value(try signedInteger())
            } else if isGiven || peek == .symbol("-") {
                options.restart = .value(try signedInteger())
            } else {
                options.restart = SequenceOptions.Limit.none
            }
        case "cache":
            // Values are reserved in blocks whatever it says.
            advance()
            let at = token.start
            let count = try signedInteger()
            guard count > 0 else {
                throw SQLError(
                    .invalidParameterValue, "CACHE (\(count)) must be greater than zero",
                    position: position(at))
            }
        case "cycle":
            advance()
            options.cycles = true
        case "no":
            advance()
            if accept("minvalue") {
                options.minimum = SequenceOptions.Limit.none
            } else if accept("maxvalue") {
                options.maximum = SequenceOptions.Limit.none
            } else {
                try expect("cycle")
                options.cycles = false
            }
        case "owned":
            advance()
            try expect("by")
            options.owner = accept("none") ? [] : try qualifiedName().parts
        default: return false
        }
        return true
    }

    private mutating func signedInteger() throws(SQLError) -> Int64 {
        let isNegative = accept(symbol: "-")
        if !isNegative { _ = accept(symbol: "+") }
        guard case .integer(let digits) = peek else { throw unexpected() }
        let at = token.start
        advance()
        guard let value = Int64(isNegative ? "-\(digits)" : digits) else {
            throw SQLError(
                .numericValueOutOfRange,
                "value \"\(digits)\" is out of range for type bigint", position: position(at))
        }
        return value
    }
}
