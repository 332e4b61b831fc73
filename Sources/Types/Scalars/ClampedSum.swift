extension FixedWidthInteger {
    /// The sum, or the greatest number where it would be beyond it; of numbers that are not negative.
    package func clampedSum(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
