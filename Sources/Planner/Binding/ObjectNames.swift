import Dataflow
package import Types

/// The names behind regclass, regtype, regproc, regnamespace and regrole, as a session sees them.
package struct ObjectNames: Sendable {
    private let context: SessionContext

    package init(_ context: SessionContext) { self.context = context }

    // MARK: - Names

    /// What a value of such a type, or an array of them, is shown as.
    package func text(_ value: Value, _ type: DataType) -> Value {
        switch value {
        case .int(let oid): return .string(name(oid, type.kind))
        case .text(let bytes) where type.kind == .array:
            var names = ArrayValue(decoding: bytes, type.element)
            names.elements = names.elements.map { text($0, type.elementType) }
            var output: [UInt8] = []
            names.appendText(.text, to: &output)
            return .text(output)
        default: return .null
        }
    }

    /// The array of such values as one of texts.
    func texts(_ value: Value, _ type: DataType) -> Value {
        guard case .text(let bytes) = value else { return .null }
        var names = ArrayValue(decoding: bytes, type.element)
        names.elements = names.elements.map { text($0, type.elementType) }
        return .text(names.encoded(.text))
    }

    private func name(_ oid: Int64, _ kind: DataType.Kind) -> String {
        if oid == 0 { return "-" }
        let small = Int32(truncatingIfNeeded: oid)
        let found: String? =
            switch kind {
            case .regclass:
                context.catalog.relation(small).map { DefinitionText.name($0, context.catalog) }
            case .regtype: SignatureType.withOID(small)?.name
            case .regproc: function(small)
            case .regnamespace:
                context.catalog.schemas.first { $0.oid == small }
                    .map { DefinitionText.identifier($0.name) }
            default:
                SystemReading.roles(context.user).first { $0.oid == oid }
                    .map { DefinitionText.identifier($0.name) }
            }
        return found ?? String(oid)
    }

    /// With its schema when the name alone is that of several.
    private func function(_ oid: Int32) -> String? {
        if let name = TypeFacts.supportNames[Int64(oid)] { return name }
        guard let entry = FunctionCatalog.withOID(oid) else { return nil }
        let name = DefinitionText.identifier(entry.name)
        return FunctionCatalog.named(entry.name).count > 1 ? "pg_catalog." + name : name
    }

    // MARK: - Reading

    /// The value that a text stands for: a name, a number or `-`. - Throws: 42P01, 42704, 42883.
    package func value(_ bytes: [UInt8], _ type: DataType) throws(SQLError) -> Value {
        if type.kind == .array {
            var names = try ArrayValue(parsing: bytes, .text)
            var elements: [Value] = []
            for element in names.elements {
                guard case .text(let name) = element else {
                    elements.append(.null)
                    continue
                }
                elements.append(try value(name, type.elementType))
            }
            names.elements = elements
            return .text(names.encoded(type.element))
        }
        let text = String(decoding: bytes, as: UTF8.self)
        if text == "-" { return .int(0) }
        if let first = bytes.first, (48...57).contains(first),
            bytes.allSatisfy({ (48...57).contains($0) })
        {
            return try TextEncoding.parse(bytes, .oid)
        }
        return .int(try oid(text, type.kind))
    }

    private func oid(_ text: String, _ kind: DataType.Kind) throws(SQLError) -> Int64 {
        if kind == .regtype { return try typeOID(text) }
        let parts = try ObjectNames.parts(text)
        let name = parts.joined(separator: ".")
        switch kind {
        case .regclass:
            if let found = context.catalog.relation(named: parts) { return Int64(found.oid) }
            throw SQLError(.undefinedTable, "relation \"\(name)\" does not exist")
        case .regproc: return try functionOID(parts)
        case .regnamespace:
            let found = context.catalog.schemaOID(name)
            if parts.count == 1, found != 0 { return Int64(found) }
            throw SQLError(.invalidSchemaName, "schema \"\(name)\" does not exist")
        default:
            if let found = SystemReading.roles(context.user).first(where: { $0.name == name }) {
                return found.oid
            }
            throw SQLError(.undefinedObject, "role \"\(name)\" does not exist")
        }
    }

    private func typeOID(_ text: String) throws(SQLError) -> Int64 {
        let written: TypeName
        do {
            written = try Parser.type(text)
        } catch {
            throw SQLError(.syntaxError, "invalid type name \"\(text)\"")
        }
        if let standIn = SignatureType.named(written.name), !written.isArray,
            standIn.type == nil
        {
            return Int64(standIn.oid)
        }
        do {
            return Int64(try Binder(context: context, text: text).type(written).oid)
        } catch {
            throw SQLError(error.state, error.message)
        }
    }

    private func functionOID(_ parts: [String]) throws(SQLError) -> Int64 {
        let name = parts.last ?? ""
        let isHere = parts.count == 1 || parts[parts.count - 2] == "pg_catalog"
        if isHere, let oid = TypeFacts.supportOIDs[name] { return oid }
        let found = isHere ? FunctionCatalog.named(name) : []
        if found.count > 1 {
            throw SQLError(.ambiguousFunction, "more than one function named \"\(name)\"")
        }
        guard let entry = found.first else {
            throw SQLError(
                .undefinedFunction,
                "function \"\(parts.joined(separator: "."))\" does not exist")
        }
        return Int64(entry.oid)
    }

    /// The parts of a qualified name as a text: folded where they are not quoted.
    /// - Throws: 42602.
    static func parts(_ text: String) throws(SQLError) -> [String] {
        let invalid = SQLError(.invalidName, "invalid name syntax")
        let tokens: [Token]
        do {
            tokens = try Lexer.tokens(text)
        } catch {
            throw invalid
        }
        var parts: [String] = []
        for (index, token) in tokens.enumerated() {
            switch (token.kind, index % 2) {
            case (.word(let name), 0), (.quoted(let name), 0): parts.append(name)
            case (.symbol("."), 1): continue
            case (.end, 1): return parts
            default: throw invalid
            }
        }
        throw invalid
    }
}

/// Casts from and to the types that show names.
extension ExpressionBinder {
    /// Text as such a type, such a type as text; nil when the cast is none of these.
    static func namesCast(_ binder: Binder, _ value: Expr, to type: DataType, at: Int)
        throws(SQLError) -> Expr?
    {
        let from = value.type
        let isRead = type.showsNames && from.isString
        let isShown = from.showsNames && (type.isString || type.isArrayOfTexts)
        guard isRead || isShown, from.kind != .unknown else { return nil }
        let names = ObjectNames(binder.context)
        @Sendable func converted(_ value: Value) throws(SQLError) -> Value {
            if value.isNull { return .null }
            if isShown {
                return type.kind == .array ? names.texts(value, from) : names.text(value, from)
            }
            guard case .text(let bytes) = value else { return .null }
            return try names.value(bytes, type)
        }
        let isFixed = isShown && [.regtype, .regproc].contains(from.scalar)
        if case .constant(let constant, _) = value {
            return .constant(try converted(constant), type)
        }
        if isFixed {
            // What these are called does not change.
            let function = FunctionRegistry.fixedFunction("object_name", from, type) { value in
                if value.isNull { return .null }
                return type.kind == .array ? names.texts(value, from) : names.text(value, from)
            }
            return .call(function, [value], type)
        }
        if binder.isForView {
            throw SQLError.unsupported(
                "a cast from \(from.base.name) to \(type.base.name) in a materialized view",
                at: binder.position(at))
        }
        let function = FunctionRegistry.sessionFunction("object_name", [from], type) {
            (values) throws(SQLError) in try converted(values[0])
        }
        return .call(function, [value], type)
    }

    /// A value as what is shown of it: a regclass and its kin, alone or in an array, as text.
    /// - Throws: 0A000 in a materialized view, where the name could change.
    func shown(_ value: Expr, _ at: Int) throws(SQLError) -> Expr {
        guard value.type.showsNames else { return value }
        let text: DataType = value.type.kind == .array ? .array(of: .text) : .text
        return try ExpressionBinder.namesCast(binder, value, to: text, at: at) ?? value
    }
}

extension DataType {
    /// The type itself, or that of an array's elements.
    fileprivate var scalar: Kind { kind == .array ? element : kind }

    fileprivate var isArrayOfTexts: Bool { kind == .array && elementType.isString }
}
