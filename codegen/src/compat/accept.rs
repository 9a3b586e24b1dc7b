//! `[[accepted]]`: a break that somebody accepted on purpose is silenced, until a day, and nothing else is.

use std::collections::HashMap;

use super::finding::{Finding, Place, Report, Rule, Severity};
use super::rule::RULES;
use crate::check::Checked;
use crate::diagnostic::closest;
use crate::model::Accepted;

/// A calendar day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: i64,
    month: u32,
    day: u32,
}

impl Date {
    /// Reads `2026-12-31`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if !crate::formats::is_date(text) {
            return None;
        }
        let mut parts = text.split('-');
        Some(Self {
            year: parts.next()?.parse().ok()?,
            month: parts.next()?.parse().ok()?,
            day: parts.next()?.parse().ok()?,
        })
    }

    /// The day of a number of days since 1970-01-01, in UTC.
    #[must_use]
    pub fn from_days(days: i64) -> Self {
        // Howard Hinnant's `civil_from_days`: years begin in March, so that the leap day is the last of one.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_index = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_index + 2) / 5 + 1;
        let month = if month_index < 10 {
            month_index + 3
        } else {
            month_index - 9
        };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: u32::try_from(month).unwrap_or(1),
            day: u32::try_from(day).unwrap_or(1),
        }
    }
}

/// Silences the findings that the new contract accepts, in every comparison of a run, and adds what is wrong with the
/// entries themselves to the last one.
pub fn apply_accepted(reports: &mut [Report], new: &Checked, today: Date) {
    let mut notices = Vec::new();
    for entry in &new.accepted {
        let until = Date::parse(&entry.until);
        let over = until.is_none_or(|until| until < today);
        let mut matched = false;
        for (rule, finding) in reports
            .iter_mut()
            .flat_map(|report| report.findings.iter_mut())
            .map(|finding| (finding.rule.id, finding))
        {
            if rule == entry.rule.value && is_path(new, entry, &finding.path) {
                matched = true;
                if !over {
                    finding.accepted = Some(entry.reason.value.clone());
                }
            }
        }
        if !matched {
            notices.push(unused(entry));
        } else if over {
            notices.push(expired(entry, until.is_some()));
        }
    }
    if let Some(last) = reports.last_mut() {
        last.findings.extend(notices);
        last.findings.sort_by_key(|finding| finding.severity);
    }
}

/// Returns whether an entry's path names a finding's: with the full name, or without the domain of the entry's own file.
fn is_path(new: &Checked, entry: &Accepted, path: &str) -> bool {
    if entry.path.value == path {
        return true;
    }
    let file = entry.path.span.file;
    new.domains
        .iter()
        .find(|domain| domain.file == file)
        .is_some_and(|domain| {
            path.replacen(&format!(".{}.", domain.name), ".", 1) == entry.path.value
        })
}

fn notice(id: &str, entry: &Accepted, message: String, label: &str, help: String) -> Finding {
    // Both ids are in the table; the first rule stands in for a table that lost them, which a test would notice.
    let rule = Rule::find(id).unwrap_or(&RULES[0]);
    Finding {
        severity: Severity::Warn,
        new: Some(Place {
            span: entry.path.span,
            label: label.to_owned(),
        }),
        help,
        ..Finding::new(rule, entry.path.value.clone(), message)
    }
}

fn unused(entry: &Accepted) -> Finding {
    let known: HashMap<&str, &Rule> = RULES.iter().map(|rule| (rule.id, rule)).collect();
    let rule = &entry.rule.value;
    let help = if known.contains_key(rule.as_str()) {
        "remove the entry, or correct its path: the report prints the path of each finding"
            .to_owned()
    } else {
        match closest(rule, known.keys().copied()) {
            Some(best) => format!("there is no rule \"{rule}\"; did you mean \"{best}\"?"),
            None => format!("there is no rule \"{rule}\""),
        }
    };
    notice(
        "accepted-unused",
        entry,
        format!("nothing matches the accepted break `{rule}`"),
        "no finding here",
        help,
    )
}

fn expired(entry: &Accepted, is_date: bool) -> Finding {
    let (label, help) = if is_date {
        (
            format!("was accepted until {}", entry.until.value),
            "make the change compatible, or accept it anew with another date",
        )
    } else {
        (
            format!(
                "`until` is \"{}\", which is not a valid date",
                entry.until.value
            ),
            "write it as YYYY-MM-DD",
        )
    };
    notice(
        "accepted-expired",
        entry,
        format!("the break `{}` is no longer accepted", entry.rule.value),
        &label,
        help.to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        let date = |text| Date::parse(text).unwrap();
        assert_eq!(Date::from_days(0), date("1970-01-01"));
        assert_eq!(Date::from_days(19_782), date("2024-02-29"));
        assert_eq!(Date::from_days(20_819), date("2027-01-01"));
        assert!(date("2024-02-29") < date("2024-03-01"));
        assert_eq!(Date::parse("2024-02-30"), None);
    }
}
