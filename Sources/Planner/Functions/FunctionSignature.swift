package import Types

/// A type in a signature: one that columns can have, or a stand-in for what the call decides.
package struct SignatureType: Hashable, Sendable {
    package let oid: Int32
    /// As format_type() writes it.
    package let name: String
    /// pg_type.typname.
    package let catalogName: String
    /// nil of a stand-in.
    package let type: DataType?

    private init(_ oid: Int32, _ catalogName: String, name: String? = nil) {
        self.oid = oid
        self.catalogName = catalogName
        self.name = name ?? catalogName
        type = nil
    }

    package init(_ type: DataType) {
        oid = type.oid
        name = type.base.name
        catalogName = type.catalogName
        self.type = type.base
    }

    /// pg_type's rows of type p, as far as our functions have them, and pg_node_tree.
    static let standIns = [
        SignatureType(194, "pg_node_tree"), SignatureType(2249, "record"),
        SignatureType(2275, "cstring"), SignatureType(2276, "any", name: "\"any\""),
        SignatureType(2277, "anyarray"),
        SignatureType(2283, "anyelement"), SignatureType(2776, "anynonarray"),
        SignatureType(5077, "anycompatible"), SignatureType(5078, "anycompatiblearray"),
    ]

    static let any: Int32 = 2276

    private static let byCatalogName = Dictionary(
        (standIns + DataType.all.map { SignatureType($0) }).map { ($0.catalogName, $0) },
        uniquingKeysWith: { first, _ in first })

    private static let byOID = Dictionary(
        byCatalogName.values.map { ($0.oid, $0) }, uniquingKeysWith: { first, _ in first })

    /// The type of pg_type.typname.
    static func named(_ catalogName: some StringProtocol) -> SignatureType? {
        byCatalogName[String(catalogName)]
    }

    /// The type with this PostgreSQL identifier.
    static func withOID(_ oid: Int32) -> SignatureType? { byOID[oid] }

    /// Of an array, stand-ins included: the type of its elements.
    var element: SignatureType? {
        if let type, type.kind == .array { return SignatureType(type.elementType) }
        return oid == SignatureType.any ? self : nil
    }
}

/// What a declaration says of one overload: `text int4`, or with the result where it does not follow
/// from what computes it: `from_json:jsonb -> setof record(key:text,value:jsonb)`. An argument is
/// `name:type=default`, with `*` in front when it is variadic; no arguments are `()`.
struct FunctionSignature {
    struct Argument: Sendable {
        var name: String
        var type: SignatureType
        var standard: String?
        var isVariadic: Bool

        /// The default as an expression.
        var standardText: String? {
            standard.map { type.type?.kind == .text ? "'\($0)'::text" : $0 }
        }
    }

    let arguments: [Argument]
    let result: SignatureType?
    let returnsSet: Bool
    /// The columns of the result, when they have names.
    let outputs: [Argument]

    /// nil when a type is none of ours.
    init?(_ text: String) {
        let words = text.split(separator: " ")
        let arrow = words.firstIndex(of: "->") ?? words.endIndex
        var arguments: [Argument] = []
        for word in words[..<arrow] where word != "()" {
            guard let argument = FunctionSignature.argument(word) else { return nil }
            arguments.append(argument)
        }
        self.arguments = arguments
        var rest = words[arrow...].dropFirst()
        returnsSet = rest.first == "setof"
        if returnsSet { rest = rest.dropFirst() }
        let parts = (rest.first ?? "").split { "(,)".contains($0) }
        result = parts.first.flatMap { SignatureType.named($0) }
        if result == nil, arrow != words.endIndex { return nil }
        var outputs: [Argument] = []
        for part in parts.dropFirst() {
            guard let output = FunctionSignature.argument(part) else { return nil }
            outputs.append(output)
        }
        self.outputs = outputs
    }

    private static func argument(_ text: Substring) -> Argument? {
        let isVariadic = text.hasPrefix("*")
        let sides = text.drop { $0 == "*" }.split(separator: "=", maxSplits: 1)
        let names = (sides.first ?? "").split(separator: ":", maxSplits: 1)
        guard let type = names.last.flatMap({ SignatureType.named($0) }) else { return nil }
        return Argument(
            name: names.count == 2 ? String(names[0]) : "", type: type,
            standard: sides.count == 2 ? String(sides[1]) : nil, isVariadic: isVariadic)
    }
}
