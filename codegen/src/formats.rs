//! The texts of scalars as the wire and the contracts have them: a uuid, a timestamp, a date, a duration, bytes, a decimal. Only says
//! whether a text is one; the runtime reads them.

/// Hyphenated, any case: `67e55044-10b1-426f-9247-bb680e5fe0c8`.
pub(crate) fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// RFC 3339, any offset: `2024-02-29T12:00:00.5+01:00`. In UTC its year is one of 0000 to 9999, and a second 60 the last one
/// of a day: another is not what the runtime writes.
pub(crate) fn is_timestamp(text: &str) -> bool {
    let Some((date, rest)) = text.split_once(['T', 't']) else {
        return false;
    };
    let (time, offset) = if let Some(time) = rest.strip_suffix(['Z', 'z']) {
        (time, None)
    } else if let Some(at) = rest.rfind(['+', '-']) {
        (&rest[..at], Some(&rest[at + 1..]))
    } else {
        return false;
    };
    is_date(date) && is_time(time) && offset.is_none_or(is_offset) && is_in_utc(date, time, rest)
}

/// Of a text that has the form of a timestamp.
fn is_in_utc(date: &str, time: &str, rest: &str) -> bool {
    let clock = |text: &str| {
        let (hours, minutes) = (text.get(..2)?, text.get(3..5)?);
        Some(hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?)
    };
    let ahead = match rest.rfind(['+', '-']) {
        Some(at) => {
            let minutes = clock(&rest[at + 1..]).unwrap_or(0);
            if rest[at..].starts_with('-') {
                -minutes
            } else {
                minutes
            }
        }
        None => 0,
    };
    let minute = clock(time).unwrap_or(0) - ahead;
    let leap = time.get(6..8) == Some("60");
    let last_of_a_day = minute.rem_euclid(24 * 60) == 24 * 60 - 1;
    match date {
        "0000-01-01" if minute < 0 => false,
        "9999-12-31" if minute >= 24 * 60 => false,
        _ => !leap || last_of_a_day,
    }
}

/// `2024-02-29`.
pub(crate) fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) = (
        parts.next().and_then(|part| digits(part, 4)),
        parts.next().and_then(|part| digits(part, 2)),
        parts.next().and_then(|part| digits(part, 2)),
        parts.next(),
    ) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// `23:59:59.999`; the 60th second is a leap second.
fn is_time(text: &str) -> bool {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let mut parts = clock.split(':').map(|part| digits(part, 2));
    let (Some(hour), Some(minute), Some(second), None) = (
        parts.next().flatten(),
        parts.next().flatten(),
        parts.next().flatten(),
        parts.next(),
    ) else {
        return false;
    };
    hour < 24 && minute < 60 && second <= 60 && fraction.is_none_or(is_digits)
}

fn is_offset(text: &str) -> bool {
    text.split_once(':').is_some_and(|(hours, minutes)| {
        digits(hours, 2).is_some_and(|n| n < 24) && digits(minutes, 2).is_some_and(|n| n < 60)
    })
}

/// ISO 8601 without years and months: weeks alone, or days, hours, minutes and seconds in this order; no more digits than
/// the runtime reads.
pub(crate) fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else {
        return false;
    };
    if let Some(weeks) = rest.strip_suffix('W') {
        return is_number(weeks, 12);
    }
    let (days, time) = match rest.split_once('T') {
        Some((days, time)) => (days, Some(time)),
        None => (rest, None),
    };
    let days_fit = days.is_empty()
        || days
            .strip_suffix('D')
            .is_some_and(|days| is_number(days, 14));
    match time {
        None => !days.is_empty() && days_fit,
        Some(time) => days_fit && is_duration_time(time),
    }
}

fn is_duration_time(text: &str) -> bool {
    let mut rest = text;
    for (unit, digits) in [('H', 14), ('M', 16)] {
        if let Some((number, after)) = rest.split_once(unit) {
            if !is_number(number, digits) {
                return false;
            }
            rest = after;
        }
    }
    let Some(seconds) = rest.strip_suffix('S') else {
        return rest.is_empty() && !text.is_empty();
    };
    match seconds.split_once('.') {
        Some((whole, fraction)) => is_number(whole, 18) && is_number(fraction, 9),
        None => is_number(seconds, 18),
    }
}

fn is_number(text: &str, limit: usize) -> bool {
    is_digits(text) && text.len() <= limit
}

/// Standard base64 with padding.
pub(crate) fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len() - body.len() <= 2
        && text.len().is_multiple_of(4)
        && body
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        // The last character before padding must not have bits that no octet takes.
        && match (text.len() - body.len(), body.bytes().last()) {
            (1, Some(last)) => sextet(last).is_some_and(|n| n % 4 == 0),
            (2, Some(last)) => sextet(last).is_some_and(|n| n % 16 == 0),
            (0, _) => true,
            _ => false,
        }
}

fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// At most 28 digits, no exponent: `-12.50`.
pub(crate) fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = whole.len() + fraction.map_or(0, str::len);
    is_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(is_digits)
        && digits <= if whole == "0" { 29 } else { 28 }
}

/// An integer sent as text, in the only form in which it is written.
pub(crate) fn integer(text: &str) -> Option<i128> {
    let number: i128 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn digits(text: &str, count: usize) -> Option<u32> {
    (text.len() == count && is_digits(text)).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(is: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(is(text), "{text}");
        }
        for text in bad {
            assert!(!is(text), "{text}");
        }
    }

    #[test]
    fn texts_are_what_the_wire_has() {
        all(
            is_uuid,
            &[
                "67e55044-10b1-426f-9247-bb680e5fe0c8",
                "67E55044-10B1-426F-9247-BB680E5FE0C8",
            ],
            &[
                "",
                "67e5504410b1426f9247bb680e5fe0c8",
                "67e55044-10b1-426f-9247-bb680e5fe0cg",
                "----",
            ],
        );
        all(
            is_timestamp,
            &[
                "2024-02-29T12:00:00Z",
                "2024-01-01t00:00:00.123456789+14:00",
                "2016-12-31T23:59:60Z",
                "2017-01-01T00:59:60+01:00",
                "0000-01-01T00:00:00-01:00",
                "2024-01-01T00:00:00-00:00",
            ],
            &[
                "2024-02-30T12:00:00Z",
                "2024-01-01T00:00:00",
                "2024-01-01",
                "2024-01-01T24:00:00Z",
                "2024-01-01T00:00:00.Z",
                "2024-01-01T00:00:00+1:00",
                "2024-01-01 00:00:00Z",
                "2024-01-01T12:00:60Z",
                "2016-12-31T23:59:60+01:00",
                "0000-01-01T00:00:00+01:00",
                "9999-12-31T23:00:00-01:00",
                "ä024-01-01T00:00:00Z",
            ],
        );
        all(
            is_date,
            &["2000-02-29", "2023-12-31"],
            &[
                "1900-02-29",
                "2023-13-01",
                "2023-1-1",
                "2023-00-10",
                "2023-01-01-",
            ],
        );
        all(
            is_duration,
            &[
                "P1W",
                "P3D",
                "PT1H",
                "P1DT1H2M3.5S",
                "PT0S",
                "PT90M",
                "PT1H3S",
            ],
            &[
                "", "P", "PT", "P1Y", "P1M", "1H", "PT1M1H", "P1DT", "PT.5S", "-PT1S", "PT1.5H",
            ],
        );
        all(
            is_base64,
            &["", "TQ==", "TWE=", "TWFu", "+/+/"],
            &["T", "TR==", "TWF=", "TWFu=", "T_==", "===="],
        );
        all(
            is_decimal,
            &[
                "0",
                "-1",
                "12.50",
                "0.0000000000000000000000000001",
                "9999999999999999999999999999",
            ],
            &[
                "",
                "-",
                "01",
                "1.",
                ".5",
                "1e3",
                "+1",
                "99999999999999999999999999999",
                "1.0000000000000000000000000000",
            ],
        );
    }

    #[test]
    fn integers_have_one_text() {
        assert_eq!(integer("-5"), Some(-5));
        assert_eq!(
            integer("18446744073709551615"),
            Some(18_446_744_073_709_551_615)
        );
        for text in ["+5", "05", "-0", "", " 1", "1.0"] {
            assert_eq!(integer(text), None, "{text}");
        }
    }
}
