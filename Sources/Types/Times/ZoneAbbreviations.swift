/// The abbreviations of time zones that a text may have, by PostgreSQL's default set.
///
/// A table of its own: what an abbreviation stands for is a matter of convention, and the zones' files
/// use most of them in several places.
enum ZoneAbbreviations {
    enum Meaning {
        /// Seconds east of Greenwich.
        case offset(Int)
        /// What the zone says of the abbreviation, or of the moment where it does not know it.
        case zone(String)
    }

    /// - Returns: nil when a lower-case word is no abbreviation.
    static func meaning(_ word: String) -> Meaning? { meanings[String(word.prefix(10))] }

    private static let meanings: [String: Meaning] = {
        var meanings: [String: Meaning] = [:]
        for (seconds, names) in Array(standard) + Array(summer) {
            for name in names.split(separator: " ") { meanings[String(name)] = .offset(seconds) }
        }
        for (zone, names) in changing {
            for name in names.split(separator: " ") { meanings[String(name)] = .zone(zone) }
        }
        return meanings
    }()

    private static let standard: [Int: String] = [
        -36_000: "hst taht",
        -34_200: "mart",
        -32_400: "akst gamt",
        -28_800: "pst",
        -25_200: "mst",
        -21_600: "cst galt",
        -18_000: "act cot est pet",
        -14_400: "amt ast bot",
        -12_600: "nft nst",
        -10_800: "bra brt gft pmst uyt wgt",
        -7200: "fnt",
        -3600: "azot egt",
        0: "gmt uct ut utc wet z zulu",
        3600: "cet met mez wat",
        7200: "eet ist sast",
        10_800: "eat fet",
        12_600: "irt",
        14_400: "mut ret sct",
        16_200: "aft",
        18_000: "mvt pkt tft tjt uzt",
        20_700: "npt",
        21_600: "almt bdt btt xjt",
        23_400: "mmt",
        25_200: "cxt ict wast",
        28_800: "awst bnt bort cct hkt myt pht",
        31_500: "acwst",
        32_400: "jayt jst kst pwt",
        34_200: "acst cast",
        36_000: "aest chut ddut ligt mpt pgt trut yapt",
        37_800: "lhst",
        39_600: "pont vut",
        43_200: "fjt gilt mht nzst nzt tvt wakt wft",
        45_900: "chast",
        46_800: "tot",
    ]

    /// Those of daylight saving time, which is in them.
    private static let summer: [Int: String] = [
        -28_800: "akdt",
        -25_200: "pdt",
        -21_600: "mdt",
        -18_000: "cdt",
        -14_400: "edt",
        -10_800: "adt clst pyst",
        -9000: "ndt",
        -7200: "brst pmdt uyst wgst",
        -3600: "fnst",
        0: "azost egst",
        3600: "bst wetdst",
        7200: "bdst cest cetdst mest mesz metdst",
        10_800: "eest eetdst idt",
        14_400: "msd",
        18_000: "must",
        21_600: "kgst pkst uzst yekst",
        25_200: "almst",
        28_800: "wadt",
        32_400: "awsst ulast wdt",
        36_000: "kdt",
        37_800: "acdt acsst cadt sadt",
        39_600: "aedt aesst",
        46_800: "fjst nzdt",
        49_500: "chadt",
    ]

    /// Those whose offset has changed over the years.
    private static let changing: [String: String] = [
        "America/Argentina/Buenos_Aires": "arst art",
        "America/Asuncion": "pyt",
        "America/Caracas": "vet",
        "America/Guyana": "gyt",
        "America/Santiago": "clt",
        "Antarctica/Davis": "davt",
        "Antarctica/Mawson": "mawt",
        "Asia/Anadyr": "anast anat",
        "Asia/Ashgabat": "tmt",
        "Asia/Baku": "azst azt",
        "Asia/Bishkek": "kgt",
        "Asia/Colombo": "lkt",
        "Asia/Irkutsk": "irkst irkt",
        "Asia/Kamchatka": "petst pett",
        "Asia/Krasnoyarsk": "krast krat",
        "Asia/Magadan": "magst magt",
        "Asia/Novosibirsk": "novst novt",
        "Asia/Omsk": "omsst omst",
        "Asia/Singapore": "sgt",
        "Asia/Tbilisi": "gest get",
        "Asia/Ulaanbaatar": "ulat",
        "Asia/Vladivostok": "vlast vlat",
        "Asia/Yakutsk": "yakst yakt",
        "Asia/Yekaterinburg": "yekt",
        "Asia/Yerevan": "amst",
        "Atlantic/Stanley": "fkst fkt",
        "Australia/Lord_Howe": "lhdt",
        "Europe/Moscow": "msk",
        "Europe/Volgograd": "volt",
        "Indian/Chagos": "iot",
        "Pacific/Easter": "easst east",
        "Pacific/Fakaofo": "tkt",
        "Pacific/Kiritimati": "lint",
        "Pacific/Kosrae": "kost",
        "Pacific/Niue": "nut",
        "Pacific/Rarotonga": "ckt",
    ]
}
