//! Numbers of a schema, which may be larger than any Rust type. Exact where they are whole.

/// A whole number, however it is written: `5`, `5.0`, `5e0`. Nothing when it has a fraction or does not fit.
pub(super) fn integer(text: &str) -> Option<i128> {
    if let Ok(number) = text.parse::<i128>() {
        return Some(number);
    }
    let number: f64 = text.parse().ok()?;
    // Above 2^53 a float is no exact integer; who writes an exponent there means a size and not a digit.
    (number.fract() == 0.0 && number.abs() < 1e30).then_some(number as i128)
}

/// A number as a float; nothing when it does not fit.
pub(super) fn float(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// The smallest whole number that is not below (`strict`: that is above) a bound.
pub(super) fn ceil(text: &str, strict: bool) -> Option<i128> {
    match integer(text) {
        Some(number) => Some(number.saturating_add(i128::from(strict))),
        // A cast keeps to what the type can say: beyond it, every bound is the same.
        None => text.parse::<f64>().ok().map(|number| number.ceil() as i128),
    }
}

/// The largest whole number that is not above (`strict`: that is below) a bound.
pub(super) fn floor(text: &str, strict: bool) -> Option<i128> {
    match integer(text) {
        Some(number) => Some(number.saturating_sub(i128::from(strict))),
        // A cast keeps to what the type can say: beyond it, every bound is the same.
        None => text
            .parse::<f64>()
            .ok()
            .map(|number| number.floor() as i128),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_exact() {
        assert_eq!(
            integer("18446744073709551615"),
            Some(18_446_744_073_709_551_615)
        );
        assert_eq!(integer("-0"), Some(0));
        assert_eq!(integer("5.0"), Some(5));
        assert_eq!(integer("1e3"), Some(1000));
        assert_eq!(integer("0.5"), None);
        assert_eq!(integer("1e400"), None);
        assert_eq!(integer(&"9".repeat(300)), None);
        assert_eq!(ceil("0.5", true), Some(1));
        assert_eq!(ceil("0", true), Some(1));
        assert_eq!(floor("9.5", false), Some(9));
        assert_eq!(floor("10", true), Some(9));
        assert_eq!(ceil("1e400", false), Some(i128::MAX));
        assert_eq!(floor("-1e40", false), Some(i128::MIN));
        assert_eq!(float("1e400"), None);
    }
}
