import Types

/// to_char, to_date, to_timestamp and to_number by templates.
enum FormattingFunctions {
    static let all: [ScalarFunction] = times + numbers + readers

    /// The template of the row before, which is that of the next row more often than not.
    private struct Memo<Template> {
        private var last: (format: [UInt8], template: Template)?

        mutating func template(
            _ format: [UInt8], _ make: ([UInt8]) throws(SQLError) -> Template
        ) throws(SQLError) -> Template {
            if let last, last.format == format { return last.template }
            let template = try make(format)
            last = (format, template)
            return template
        }
    }

    private static func dateTime(_ format: [UInt8]) -> DateTimeTemplate { DateTimeTemplate(format) }

    private static var times: [ScalarFunction] {
        [
            ScalarFunction("to_char", [.timestamp, .text], .text, canFail: true) { e, c in
                let cells = c[0].int64s
                var memo = Memo<DateTimeTemplate>()
                var last: (day: Int64, format: [UInt8], text: [UInt8]?)?
                return RowKernels.texts(e, c) { (row) throws(SQLError) in
                    let (value, format) = (cells.cells[row], c[1].textBytes(row))
                    let day = Timestamp.split(value).day
                    // Formats without a time of day give the same text all day long.
                    if let last, last.day == day, last.format == format { return last.text }
                    let template = try memo.template(format, dateTime)
                    let text = DateTimeText.text(timestamp: value, template)
                    let keeps = template.isSameAllDay && Timestamp.isFinite(value)
                    last = keeps ? (day, format, text) : nil
                    return text
                }
            },
            ScalarFunction("to_char@zone", [.timestamptz, .text, .text], .text, canFail: true) {
                e, c in
                var memo = Memo<DateTimeTemplate>()
                return RowKernels.texts(e, c) { (row) throws(SQLError) in
                    DateTimeText.text(
                        timestamp: c[0].int64s.cells[row],
                        zone: try CalendarFunctions.zone(c[2], row),
                        try memo.template(c[1].textBytes(row), dateTime))
                }
            },
            ScalarFunction("to_char", [.interval, .text], .text, canFail: true) { e, c in
                var memo = Memo<DateTimeTemplate>()
                return RowKernels.texts(e, c) { (row) throws(SQLError) in
                    try DateTimeText.text(
                        interval: c[0].intervals.cells[row],
                        try memo.template(c[1].textBytes(row), dateTime))
                }
            },
        ]
    }

    private static func number(
        _ type: DataType,
        _ f: @escaping @Sendable (Column, Int, NumberTemplate) throws(SQLError) -> [UInt8]
    ) -> ScalarFunction {
        ScalarFunction("to_char", [type, .text], .text, canFail: true) { e, c in
            var memo = Memo<NumberTemplate>()
            return RowKernels.texts(e, c) { (row) throws(SQLError) in
                let template = try memo.template(c[1].textBytes(row)) {
                    (format) throws(SQLError) in try NumberTemplate(format)
                }
                return try f(c[0], row, template)
            }
        }
    }

    private static var numbers: [ScalarFunction] {
        [
            number(.int4) { (column, row, template) throws(SQLError) in
                try NumberText.text(
                    Int32(truncatingIfNeeded: column.int64s.cells[row]), template)
            },
            number(.int8) { (column, row, template) throws(SQLError) in
                try NumberText.text(column.int64s.cells[row], template)
            },
            number(.numeric) { (column, row, template) throws(SQLError) in
                try NumberText.text(column.numerics.cells[row], template)
            },
            number(.float8) { (column, row, template) throws(SQLError) in
                try NumberText.text(column.doubles.cells[row], template)
            },
            number(.float4) { (column, row, template) throws(SQLError) in
                try NumberText.text(Float(column.doubles.cells[row]), template)
            },
        ]
    }

    private static var readers: [ScalarFunction] {
        [
            ScalarFunction("to_date", [.text, .text], .date, canFail: true) { e, c in
                var memo = Memo<DateTimeTemplate>()
                return RowKernels.ints(e, c) { (row) throws(SQLError) in
                    try DateTimeReading.date(
                        c[0].textBytes(row), try memo.template(c[1].textBytes(row), dateTime))
                }
            },
            ScalarFunction("to_timestamp@zone", [.text, .text, .text], .timestamptz, canFail: true)
            { e, c in
                var memo = Memo<DateTimeTemplate>()
                return RowKernels.ints(e, c) { (row) throws(SQLError) in
                    try DateTimeReading.timestamp(
                        c[0].textBytes(row), try memo.template(c[1].textBytes(row), dateTime),
                        in: try CalendarFunctions.zone(c[2], row))
                }
            },
            ScalarFunction("to_number", [.text, .text], .numeric, canFail: true) { e, c in
                var memo = Memo<NumberTemplate>()
                return RowKernels.optionalNumerics(e, c) { (row) throws(SQLError) in
                    let template = try memo.template(c[1].textBytes(row)) {
                        (format) throws(SQLError) in try NumberTemplate(format)
                    }
                    return try NumberReading.number(c[0].textBytes(row), template)
                }
            },
        ]
    }
}
