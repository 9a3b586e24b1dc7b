//! Texts of two types: formats, lengths and patterns.

use super::{Both, Sort};
use crate::compat::raw::quoted;
use crate::json::Json;
use crate::payload::common::{self, is_wider, refused_texts};
use crate::payload::shape::{Count, Format, Text};
use crate::payload::steer::End;

impl Both<'_, '_> {
    pub(super) fn texts(&mut self) {
        let (w, r) = (self.w.text.clone(), self.r.text.clone());
        match (w.format, r.format) {
            (Format::Integer(a), Format::Integer(b)) => {
                self.range(a, b, |n| Json::Text(n.to_string()));
            }
            (a, b) if a == b || is_wider(a, b) => {}
            (a, b) => {
                let sort = match b {
                    _ if is_wider(b, a) => Sort::Format,
                    Format::Plain => Sort::Misread,
                    _ => Sort::Type,
                };
                let asked = Text {
                    format: b,
                    ..Text::any()
                };
                let ends = spelled(refused_texts(&w, &r, &asked));
                let smallest = (sort != Sort::Format).then_some(End::Smallest);
                self.types(sort, smallest.into_iter().chain(ends));
            }
        }
        self.length(&w, &r);
        // Another pattern in place of one, whatever its direction.
        if !r.patterns.is_subset(&w.patterns) && !w.patterns.is_subset(&r.patterns) {
            let asked = Text {
                length: Count::ANY,
                format: w.format,
                ..r.clone()
            };
            let list = |t: &Text| t.patterns.iter().cloned().collect::<Vec<_>>().join(" and ");
            let words = (list(&w), list(&r));
            let ends = spelled(refused_texts(&w, &r, &asked));
            self.add(Sort::Pattern, String::new(), words, ends);
        }
    }

    /// Compares lengths, and patterns that one of two texts has beyond those of both.
    fn length(&mut self, w: &Text, r: &Text) {
        let comparable =
            w.format == r.format || is_wider(w.format, r.format) || is_wider(r.format, w.format);
        let patterns = r.patterns.is_subset(&w.patterns) || !w.patterns.is_subset(&r.patterns);
        let natural = common::count(w.length, w.format.length());
        let same_length = r.length.includes(natural);
        if !comparable || r.is_free() || (patterns && same_length) {
            return;
        }
        // The part of the constraints that this is about; the format is another difference.
        let asked = Text {
            format: if is_wider(r.format, w.format) {
                w.format
            } else {
                r.format
            },
            length: r.length,
            patterns: if patterns { &w.patterns } else { &r.patterns }.clone(),
        };
        let found = refused_texts(w, r, &asked);
        let value = match found.first() {
            Some(text) if same_length => quoted(&Json::text(text.as_str())),
            Some(text) => format!("{} characters", text.chars().count()),
            None => "some text".to_owned(),
        };
        self.demanded(Sort::Constraint, value, bounds(&asked), spelled(found));
    }
}

fn spelled(texts: Vec<String>) -> Vec<End> {
    let texts = texts.into_iter();
    texts.map(|text| End::Value(Json::Text(text))).collect()
}

/// Describes the bounds of a text.
fn bounds(text: &Text) -> String {
    let mut parts = Vec::new();
    if text.length.min > 0 {
        parts.push(format!(
            "at least {} characters are needed",
            text.length.min
        ));
    }
    if let Some(max) = text.length.max {
        parts.push(format!("at most {max} characters are allowed"));
    }
    parts.extend(text.patterns.iter().map(|p| format!("it must match {p}")));
    parts.join(" and ")
}
