import Types

/// What pg_type says of a type beyond what the engine knows of it, and the tables beside it.
struct TypeFacts: Sendable {
    let isByValue: Bool
    let alignment: String
    let storage: String
    let collation: Int64

    /// The facts of the type with this identifier.
    static func withOID(_ oid: Int32) -> TypeFacts? { byOID[Int64(oid)] }

    private static let byOID: [Int64: TypeFacts] = {
        var found: [Int64: TypeFacts] = [:]
        for row in SystemRelation.typeFacts {
            guard let oid = row["oid"]?.int else { continue }
            found[oid] = TypeFacts(
                isByValue: row["typbyval"] == .bool(true),
                alignment: row["typalign"]?.string ?? "i",
                storage: row["typstorage"]?.string ?? "p", collation: row["typcollation"]?.int ?? 0)
        }
        return found
    }()

    /// The identifiers of `support`.
    static let supportOIDs: [String: Int64] = {
        var found: [String: Int64] = [:]
        for word in support.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let parts = word.split(separator: ":")
            if parts.count == 2, let oid = Int64(parts[1]) { found[String(parts[0])] = oid }
        }
        return found
    }()

    /// The names of `support`, by identifier.
    static let supportNames = Dictionary(uniqueKeysWithValues: supportOIDs.map { ($1, $0) })

    /// oid, name, length, by value, type, category, preferred, element, array, alignment, storage,
    /// collation, then the functions of input, output, receive, send, modifier in, modifier out,
    /// analyze, subscript. Arrays are made from `arrays`.
    static let types = """
        16 bool 1 t b B t 0 1000 c p 0 boolin boolout boolrecv boolsend - - - -
        17 bytea -1 f b U f 0 1001 i x 0 byteain byteaout bytearecv byteasend - - - -
        18 char 1 t b Z f 0 1002 c p 0 charin charout charrecv charsend - - - -
        19 name 64 f b S f 18 1003 c p 950 namein nameout namerecv namesend - - - raw_array_subscript_handler
        20 int8 8 t b N f 0 1016 d p 0 int8in int8out int8recv int8send - - - -
        21 int2 2 t b N f 0 1005 s p 0 int2in int2out int2recv int2send - - - -
        22 int2vector -1 f b A f 21 1006 i p 0 int2vectorin int2vectorout int2vectorrecv int2vectorsend - - - array_subscript_handler
        23 int4 4 t b N f 0 1007 i p 0 int4in int4out int4recv int4send - - - -
        24 regproc 4 t b N f 0 1008 i p 0 regprocin regprocout regprocrecv regprocsend - - - -
        25 text -1 f b S t 0 1009 i x 100 textin textout textrecv textsend - - - -
        26 oid 4 t b N t 0 1028 i p 0 oidin oidout oidrecv oidsend - - - -
        30 oidvector -1 f b A f 26 1013 i p 0 oidvectorin oidvectorout oidvectorrecv oidvectorsend - - - array_subscript_handler
        114 json -1 f b U f 0 199 i x 0 json_in json_out json_recv json_send - - - -
        194 pg_node_tree -1 f b Z f 0 0 i x 100 pg_node_tree_in pg_node_tree_out pg_node_tree_recv pg_node_tree_send - - - -
        700 float4 4 t b N f 0 1021 i p 0 float4in float4out float4recv float4send - - - -
        701 float8 8 t b N t 0 1022 d p 0 float8in float8out float8recv float8send - - - -
        705 unknown -2 f p X f 0 0 c p 0 unknownin unknownout unknownrecv unknownsend - - - -
        1042 bpchar -1 f b S f 0 1014 i x 100 bpcharin bpcharout bpcharrecv bpcharsend bpchartypmodin bpchartypmodout - -
        1043 varchar -1 f b S f 0 1015 i x 100 varcharin varcharout varcharrecv varcharsend varchartypmodin varchartypmodout - -
        1082 date 4 t b D f 0 1182 i p 0 date_in date_out date_recv date_send - - - -
        1083 time 8 t b D f 0 1183 d p 0 time_in time_out time_recv time_send timetypmodin timetypmodout - -
        1114 timestamp 8 t b D f 0 1115 d p 0 timestamp_in timestamp_out timestamp_recv timestamp_send timestamptypmodin timestamptypmodout - -
        1184 timestamptz 8 t b D t 0 1185 d p 0 timestamptz_in timestamptz_out timestamptz_recv timestamptz_send timestamptztypmodin timestamptztypmodout - -
        1186 interval 16 f b T t 0 1187 d p 0 interval_in interval_out interval_recv interval_send intervaltypmodin intervaltypmodout - -
        1700 numeric -1 f b N f 0 1231 i m 0 numeric_in numeric_out numeric_recv numeric_send numerictypmodin numerictypmodout - -
        2205 regclass 4 t b N f 0 2210 i p 0 regclassin regclassout regclassrecv regclasssend - - - -
        2206 regtype 4 t b N f 0 2211 i p 0 regtypein regtypeout regtyperecv regtypesend - - - -
        2249 record -1 f p P f 0 2287 d x 0 record_in record_out record_recv record_send - - - -
        2275 cstring -2 f p P f 0 1263 c p 0 cstring_in cstring_out cstring_recv cstring_send - - - -
        2276 any 4 t p P f 0 0 i p 0 any_in any_out - - - - - -
        2277 anyarray -1 f p P f 0 0 d x 0 anyarray_in anyarray_out anyarray_recv anyarray_send - - - -
        2278 void 4 t p P f 0 0 i p 0 void_in void_out void_recv void_send - - - -
        2283 anyelement 4 t p P f 0 0 i p 0 anyelement_in anyelement_out - - - - - -
        2776 anynonarray 4 t p P f 0 0 i p 0 anynonarray_in anynonarray_out - - - - - -
        2950 uuid 16 f b U f 0 2951 c p 0 uuid_in uuid_out uuid_recv uuid_send - - - -
        3802 jsonb -1 f b U f 0 3807 i x 0 jsonb_in jsonb_out jsonb_recv jsonb_send - - - jsonb_subscript_handler
        4089 regnamespace 4 t b N f 0 4090 i p 0 regnamespacein regnamespaceout regnamespacerecv regnamespacesend - - - -
        4096 regrole 4 t b N f 0 4097 i p 0 regrolein regroleout regrolerecv regrolesend - - - -
        5077 anycompatible 4 t p P f 0 0 i p 0 anycompatible_in anycompatible_out - - - - - -
        5078 anycompatiblearray -1 f p P f 0 0 d x 0 anycompatiblearray_in anycompatiblearray_out anycompatiblearray_recv anycompatiblearray_send - - - -
        """

    /// The arrays of types: element, oid, name, alignment.
    static let arrays = """
        16 1000 _bool i
        17 1001 _bytea i
        18 1002 _char i
        19 1003 _name i
        20 1016 _int8 d
        21 1005 _int2 i
        23 1007 _int4 i
        24 1008 _regproc i
        25 1009 _text i
        26 1028 _oid i
        114 199 _json i
        700 1021 _float4 i
        701 1022 _float8 d
        1042 1014 _bpchar i
        1043 1015 _varchar i
        1082 1182 _date i
        1083 1183 _time d
        1114 1115 _timestamp d
        1184 1185 _timestamptz d
        1186 1187 _interval d
        1700 1231 _numeric i
        2205 2210 _regclass i
        2206 2211 _regtype i
        2950 2951 _uuid i
        3802 3807 _jsonb i
        4089 4090 _regnamespace i
        4096 4097 _regrole i
        """

    /// The functions by which types and access methods work, which SQL cannot call: name:oid.
    static let support = """
        heap_tableam_handler:3 byteaout:31 charout:33 namein:34 nameout:35 int2in:38 int2out:39
        int2vectorin:40 int2vectorout:41 int4in:42 int4out:43 regprocin:44 regprocout:45 textin:46
        textout:47 oidvectorin:54 oidvectorout:55 unknownin:109 unknownout:110 pg_node_tree_in:195
        pg_node_tree_out:196 pg_node_tree_recv:197 pg_node_tree_send:198 float4in:200 float4out:201
        float8in:214 float8out:215 json_in:321 json_out:322 json_recv:323 json_send:324 bthandler:330
        int8in:460 int8out:461 array_in:750 array_out:751 bpcharin:1044 bpcharout:1045 varcharin:1046
        varcharout:1047 date_in:1084 date_out:1085 time_in:1143 time_out:1144 timestamptz_in:1150
        timestamptz_out:1151 interval_in:1160 interval_out:1161 boolin:1242 boolout:1243 byteain:1244
        charin:1245 timestamp_in:1312 timestamp_out:1313 numeric_in:1701 numeric_out:1702 oidin:1798
        oidout:1799 regclassin:2218 regclassout:2219 regtypein:2220 regtypeout:2221 record_in:2290
        record_out:2291 cstring_in:2292 cstring_out:2293 any_in:2294 any_out:2295 anyarray_in:2296
        anyarray_out:2297 void_in:2298 void_out:2299 anyelement_in:2312 anyelement_out:2313 array_recv:2400
        array_send:2401 record_recv:2402 record_send:2403 int2recv:2404 int2send:2405 int4recv:2406
        int4send:2407 int8recv:2408 int8send:2409 int2vectorrecv:2410 int2vectorsend:2411 bytearecv:2412
        byteasend:2413 textrecv:2414 textsend:2415 unknownrecv:2416 unknownsend:2417 oidrecv:2418
        oidsend:2419 oidvectorrecv:2420 oidvectorsend:2421 namerecv:2422 namesend:2423 float4recv:2424
        float4send:2425 float8recv:2426 float8send:2427 bpcharrecv:2430 bpcharsend:2431 varcharrecv:2432
        varcharsend:2433 charrecv:2434 charsend:2435 boolrecv:2436 boolsend:2437 regprocrecv:2444
        regprocsend:2445 regclassrecv:2452 regclasssend:2453 regtyperecv:2454 regtypesend:2455
        numeric_recv:2460 numeric_send:2461 date_recv:2468 date_send:2469 time_recv:2470 time_send:2471
        timestamp_recv:2474 timestamp_send:2475 timestamptz_recv:2476 timestamptz_send:2477
        interval_recv:2478 interval_send:2479 cstring_recv:2500 cstring_send:2501 anyarray_recv:2502
        anyarray_send:2503 anynonarray_in:2777 anynonarray_out:2778 intervaltypmodin:2903
        intervaltypmodout:2904 timestamptypmodin:2905 timestamptypmodout:2906 timestamptztypmodin:2907
        timestamptztypmodout:2908 timetypmodin:2909 timetypmodout:2910 bpchartypmodin:2913
        bpchartypmodout:2914 varchartypmodin:2915 varchartypmodout:2916 numerictypmodin:2917
        numerictypmodout:2918 uuid_in:2952 uuid_out:2953 uuid_recv:2961 uuid_send:2962 void_recv:3120
        void_send:3121 jsonb_send:3803 jsonb_out:3804 jsonb_recv:3805 jsonb_in:3806 array_typanalyze:3816
        regnamespacein:4084 regnamespaceout:4085 regnamespacerecv:4087 regnamespacesend:4088 regroleout:4092
        regrolerecv:4094 regrolesend:4095 regrolein:4098 anycompatible_in:5086 anycompatible_out:5087
        anycompatiblearray_in:5088 anycompatiblearray_out:5089 anycompatiblearray_recv:5090
        anycompatiblearray_send:5091 jsonb_subscript_handler:6098 array_subscript_handler:6179
        raw_array_subscript_handler:6180
        """

    /// Operator classes of btree: oid, name, type, family, whether it is the type's own, the type of keys.
    static let operatorClasses = """
        1978 int4_ops 23 1976 t 0
        1979 int2_ops 21 1976 t 0
        1981 oid_ops 26 1989 t 0
        3122 date_ops 1082 434 t 0
        3123 float8_ops 701 1970 t 0
        3124 int8_ops 20 1976 t 0
        3125 numeric_ops 1700 1988 t 0
        3126 text_ops 25 1994 t 0
        3127 timestamptz_ops 1184 434 t 0
        3128 timestamp_ops 1114 434 t 0
        4217 text_pattern_ops 25 2095 f 0
        4218 varchar_pattern_ops 25 2095 f 0
        4219 bpchar_pattern_ops 1042 2097 f 0
        10000 array_ops 2277 397 t 0
        10003 bool_ops 16 424 t 0
        10004 bpchar_ops 1042 426 t 0
        10006 bytea_ops 17 428 t 0
        10007 char_ops 18 429 t 0
        10012 float4_ops 700 1970 t 0
        10022 interval_ops 1186 1982 t 0
        10028 name_ops 19 1994 t 2275
        10032 oidvector_ops 30 1991 t 0
        10034 record_ops 2249 2994 t 0
        10036 record_image_ops 2249 3194 f 0
        10038 time_ops 1083 1996 t 0
        10044 varchar_ops 25 1994 f 0
        10065 uuid_ops 2950 2968 t 0
        10088 jsonb_ops 3802 4033 t 0
        """

    /// Operator families of btree: oid, name.
    static let operatorFamilies = """
        397 array_ops
        424 bool_ops
        426 bpchar_ops
        428 bytea_ops
        429 char_ops
        434 datetime_ops
        1970 float_ops
        1976 integer_ops
        1982 interval_ops
        1988 numeric_ops
        1989 oid_ops
        1991 oidvector_ops
        1994 text_ops
        1996 time_ops
        2095 text_pattern_ops
        2097 bpchar_pattern_ops
        2968 uuid_ops
        2994 record_ops
        3194 record_image_ops
        4033 jsonb_ops
        """
}
