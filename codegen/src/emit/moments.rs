//! Defaults that a contract writes as text and Rust does not have as a literal: times, dates, durations, octets, ids,
//! decimals. Turned into constructor calls here, at build time.

use crate::model::Type;

/// The constructor call for a text; `None` when the text is not of the type.
pub(super) fn expression(ty: &Type, text: &str) -> Option<String> {
    match ty {
        Type::Uuid => uuid(text),
        Type::Date => {
            let (year, month, day) = date(text)?;
            Some(format!(
                "event_runtime::Date::from_ymd_opt({year}, {month}, {day}).unwrap_or_default()"
            ))
        }
        Type::Timestamp => {
            let (seconds, nanos) = timestamp(text)?;
            Some(format!(
                "event_runtime::Timestamp::from_timestamp({seconds}, {nanos}).unwrap_or_default()"
            ))
        }
        Type::Decimal => decimal(text),
        Type::Duration => duration(text),
        Type::Bytes => bytes(text),
        _ => None,
    }
}

fn uuid(text: &str) -> Option<String> {
    let hex: String = text.chars().filter(|c| *c != '-').collect();
    let value = u128::from_str_radix(&hex, 16).ok()?;
    (hex.len() == 32).then(|| format!("event_runtime::Uuid::from_u128(0x{value:032x})"))
}

/// `2026-01-31` as year, month, day.
fn date(text: &str) -> Option<(i64, i64, i64)> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    Some((year, month, day))
}

/// RFC 3339 as seconds since 1970 and nanoseconds.
fn timestamp(text: &str) -> Option<(i64, u32)> {
    let (year, month, day) = date(text.get(..10)?)?;
    let rest = text.get(11..)?;
    let offset_at = rest.find(['Z', 'z', '+', '-'])?;
    let (time, offset) = rest.split_at(offset_at);
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut parts = time.splitn(3, ':');
    let mut next = || parts.next()?.parse::<i64>().ok();
    let seconds = next()? * 3600 + next()? * 60 + next()?;
    let digits: String = fraction
        .chars()
        .chain("000000000".chars())
        .take(9)
        .collect();
    let nanos = digits.parse().ok()?;
    let offset = match offset.strip_prefix(['+', '-']) {
        Some(hours_minutes) => {
            let (hours, minutes) = hours_minutes.split_once(':')?;
            let seconds = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
            if offset.starts_with('-') {
                -seconds
            } else {
                seconds
            }
        }
        None => 0,
    };
    Some((days(year, month, day) * 86_400 + seconds - offset, nanos))
}

/// Days since 1970-01-01 in the Gregorian calendar; March is the first month, so that a leap day is the year's last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// A decimal as its digits and how many of them stand after the point.
fn decimal(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    Some(format!(
        "event_runtime::Decimal::try_from_i128_with_scale({digits}, {}).unwrap_or_default()",
        fraction.len()
    ))
}

/// An ISO 8601 duration, weeks alone or days to seconds, as seconds and nanoseconds.
fn duration(text: &str) -> Option<String> {
    let (mut seconds, mut nanos) = (0_u64, 0_u32);
    let mut number = String::new();
    for c in text.strip_prefix('P')?.chars() {
        let factor = match c {
            'T' => continue,
            'W' => 604_800,
            'D' => 86_400,
            'H' => 3_600,
            'M' => 60,
            'S' => 1,
            digit => {
                number.push(digit);
                continue;
            }
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
        seconds = seconds.checked_add(whole.parse::<u64>().ok()?.checked_mul(factor)?)?;
        nanos = format!("{fraction:0<9}").parse().ok()?;
        number.clear();
    }
    Some(format!(
        "event_runtime::IsoDuration(::core::time::Duration::new({seconds}, {nanos}))"
    ))
}

/// Standard base64 with padding.
fn bytes(text: &str) -> Option<String> {
    let mut octets = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for c in text.trim_end_matches('=').bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xFF_FFFF;
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push(format!("{}", bits >> count & 0xFF));
        }
    }
    Some(if octets.is_empty() {
        "event_runtime::Bytes::default()".to_owned()
    } else {
        format!("event_runtime::Bytes::from(vec![{}_u8])", octets.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_from_1970() {
        assert_eq!(timestamp("1970-01-01T00:00:00Z"), Some((0, 0)));
        assert_eq!(
            timestamp("2024-02-29T12:00:00.5+01:00"),
            Some((1_709_204_400, 500_000_000))
        );
        assert_eq!(timestamp("1969-12-31 23:59:59-00:30"), Some((1_799, 0)));
        assert_eq!(
            timestamp("2000-03-01T00:00:00.000000001Z"),
            Some((951_868_800, 1))
        );
        assert_eq!(timestamp("soon"), None);
    }

    #[test]
    fn texts_become_constructors() {
        let is = |ty: Type, text: &str, end: &str| {
            let got = expression(&ty, text).unwrap_or_default();
            assert!(got.contains(end), "{got}");
        };
        is(Type::Date, "2024-02-29", "from_ymd_opt(2024, 2, 29)");
        is(Type::Duration, "P1DT1H2M3.5S", "::new(90123, 500000000)");
        is(Type::Duration, "P2W", "::new(1209600, 0)");
        is(Type::Bytes, "TWE=", "[77, 97_u8]");
        is(Type::Bytes, "", "default()");
        is(Type::Decimal, "-12.50", "(-1250, 2)");
        is(
            Type::Uuid,
            "67e55044-10b1-426f-9247-bb680e5fe0c8",
            "0x67e5504410b1426f9247bb680e5fe0c8",
        );
        assert_eq!(expression(&Type::Uuid, "67e5"), None);
    }
}
