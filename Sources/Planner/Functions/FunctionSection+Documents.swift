/// JSON, arrays: what SQL can call, and PostgreSQL's identifiers.
extension FunctionSection {
    static let json = FunctionSection(
        "JSON",
        [
            .init(
                "array_to_json",
                "an array as json; with line breaks between its elements when the second is true",
                ["anyarray -> json": 3153, "anyarray bool -> json": 3154],
                volatility: .stable),
            .init("json_array_length", "how many elements an array has", ["json": 3956]),
            .init(
                "json_build_array", "an array of the arguments",
                ["() -> json": 3199, "*any -> json": 3198], volatility: .stable, isStrict: false),
            .init(
                "json_build_object", "an object of alternating keys and values",
                ["() -> json": 3201, "*any -> json": 3200], volatility: .stable, isStrict: false),
            .init(
                "json_extract_path", "what a path of keys and positions leads to",
                ["from_json:json *path_elems:_text -> json": 3951]),
            .init(
                "json_extract_path_text", "what a path of keys and positions leads to, as text",
                ["from_json:json *path_elems:_text -> text": 3953]),
            .init(
                "json_object",
                "an object of texts: keys and values in turn, in pairs, or in two arrays",
                ["_text": 3202, "_text _text": 3203]),
            .init("json_strip_nulls", "without the members that are null", ["json": 3261]),
            .init(
                "json_typeof",
                "the type of a value: object, array, string, number, boolean or null",
                ["json": 3968]),
            .init("jsonb_array_length", "how many elements an array has", ["jsonb": 3207]),
            .init(
                "jsonb_build_array", "an array of the arguments",
                ["() -> jsonb": 3272, "*any -> jsonb": 3271], volatility: .stable, isStrict: false),
            .init(
                "jsonb_build_object", "an object of alternating keys and values",
                ["() -> jsonb": 3274, "*any -> jsonb": 3273], volatility: .stable, isStrict: false),
            .init(
                "jsonb_extract_path", "what a path of keys and positions leads to",
                ["from_json:jsonb *path_elems:_text -> jsonb": 3217]),
            .init(
                "jsonb_extract_path_text", "what a path of keys and positions leads to, as text",
                ["from_json:jsonb *path_elems:_text -> text": 3940]),
            .init(
                "jsonb_insert", "with a value inserted where a path leads",
                ["jsonb_in:jsonb path:_text replacement:jsonb insert_after:bool=false": 3579]),
            .init(
                "jsonb_object",
                "an object of texts: keys and values in turn, in pairs, or in two arrays",
                ["_text": 3263, "_text _text": 3264]),
            .init("jsonb_pretty", "as text with line breaks and indents", ["jsonb": 3306]),
            .init(
                "jsonb_set", "with the value where a path leads replaced",
                ["jsonb_in:jsonb path:_text replacement:jsonb create_if_missing:bool=true": 3305]),
            .init(
                "jsonb_set_lax",
                "with the value where a path leads replaced; what a NULL does is said by its name",
                [
                    "jsonb_in:jsonb path:_text replacement:jsonb create_if_missing:bool=true null_value_treatment:text=use_json_null":
                        5054
                ], isStrict: false),
            .init("jsonb_strip_nulls", "without the members that are null", ["jsonb": 3262]),
            .init(
                "jsonb_typeof",
                "the type of a value: object, array, string, number, boolean or null",
                ["jsonb": 3210]),
            .init(
                "row_to_json", "a row as a json object", ["record -> json": 3155],
                volatility: .stable, note: "of a whole row of FROM: `row_to_json(t)`"),
            .init(
                "to_json", "any value as json", ["anyelement -> json": 3176], volatility: .stable),
            .init(
                "to_jsonb", "any value as jsonb", ["anyelement -> jsonb": 3787], volatility: .stable
            ),
        ])

    static let arrays = FunctionSection(
        "Arrays",
        [
            .init(
                "array_append", "with an element behind",
                ["anycompatiblearray anycompatible -> anycompatiblearray": 378], isStrict: false),
            .init(
                "array_cat", "one array behind the other",
                ["anycompatiblearray anycompatiblearray -> anycompatiblearray": 383],
                isStrict: false),
            .init("array_dims", "the bounds of its dimensions as text", ["anyarray -> text": 747]),
            .init(
                "array_fill",
                "an array of dimensions of these lengths, and lower bounds, with one value",
                [
                    "anyelement _int4 -> anyarray": 1193,
                    "anyelement _int4 _int4 -> anyarray": 1286,
                ], isStrict: false),
            .init("array_length", "the length of a dimension", ["anyarray int4 -> int4": 2176]),
            .init("array_lower", "the lower bound of a dimension", ["anyarray int4 -> int4": 2091]),
            .init("array_ndims", "how many dimensions it has", ["anyarray -> int4": 748]),
            .init(
                "array_position",
                "the subscript of the first element that is equal; from a subscript on",
                [
                    "anycompatiblearray anycompatible -> int4": 3277,
                    "anycompatiblearray anycompatible int4 -> int4": 3278,
                ], isStrict: false),
            .init(
                "array_positions", "the subscripts of all elements that are equal",
                ["anycompatiblearray anycompatible -> _int4": 3279], isStrict: false),
            .init(
                "array_prepend", "with an element in front",
                ["anycompatible anycompatiblearray -> anycompatiblearray": 379], isStrict: false),
            .init(
                "array_remove", "without the elements that are equal",
                ["anycompatiblearray anycompatible -> anycompatiblearray": 3167], isStrict: false),
            .init(
                "array_replace",
                "with the elements that are equal to the second replaced by the third",
                ["anycompatiblearray anycompatible anycompatible -> anycompatiblearray": 3168],
                isStrict: false),
            .init(
                "array_to_string",
                "the elements as text with a separator between them, NULLs left out",
                ["anyarray text -> text": 395], volatility: .stable),
            .init(
                "array_to_string",
                "the elements as text with a separator between them, NULLs as the third",
                ["anyarray text text -> text": 384], volatility: .stable, isStrict: false),
            .init("array_upper", "the upper bound of a dimension", ["anyarray int4 -> int4": 2092]),
            .init("cardinality", "how many elements it has", ["anyarray -> int4": 3179]),
            .init("trim_array", "without the last elements", ["anyarray int4 -> anyarray": 6172]),
            .init(
                "width_bucket", "how many of the thresholds, which ascend, are not greater",
                ["anycompatible anycompatiblearray -> int4": 3218]),
        ])
}
