//! Identifiers for whatever a schema names. Another conversion leaves each as it is, so that a number behind a name makes no
//! other name of it.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToSnakeCase, ToUpperCamelCase};

use crate::name;

/// The longest identifier that is made of a title or a path of names.
const MAX_NAME: usize = 60;

/// Names of the prelude and of what generated code refers to without a path.
const TAKEN: &[&str] = &[
    "AsRef",
    "Box",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Deserialize",
    "Drop",
    "Eq",
    "Err",
    "Event",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "Hash",
    "Into",
    "IntoIterator",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Send",
    "Serialize",
    "Sized",
    "Some",
    "String",
    "Sync",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Validate",
    "Vec",
];

/// Hands out identifiers, each once.
#[derive(Debug, Default)]
pub(super) struct Names {
    used: BTreeSet<String>,
}

impl Names {
    /// A type's identifier, close to what is wanted.
    pub fn ty(&mut self, wanted: &str) -> String {
        let mut base = type_base(wanted);
        if TAKEN.contains(&base.as_str()) {
            base.push_str("Type");
        }
        self.unique(&base, |base, number| camel(&format!("{base} {number}")))
    }

    /// A variant's identifier.
    pub fn variant(&mut self, wanted: &str) -> String {
        self.unique(&variant_base(wanted), |base, number| {
            camel(&format!("{base} {number}"))
        })
    }

    /// The identifiers of an enum's values or a union's tags: those that would be one are told apart by what the texts say.
    pub fn variants(texts: &[&str]) -> Vec<String> {
        let bases: Vec<String> = texts.iter().map(|text| variant_base(text)).collect();
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        for base in &bases {
            *count.entry(base).or_default() += 1;
        }
        let alone = |base: &str| count.get(base) == Some(&1);
        let mut names = Self::default();
        for base in bases.iter().filter(|base| alone(base)) {
            names.reserve(base);
        }
        let spelled = name::variant_idents(texts.iter().copied(), |_| None);
        let each = bases.iter().zip(&spelled).map(|(base, spelled)| {
            if alone(base) {
                base.clone()
            } else {
                names.variant(spelled)
            }
        });
        each.collect()
    }

    /// A field's identifier.
    pub fn field(&mut self, wanted: &str) -> String {
        let base = field_base(wanted);
        self.unique(&base, |base, number| {
            format!("{}_n{number}", base.trim_end_matches('_'))
        })
    }

    /// A module's identifier; `event_runtime` is the runtime in each, and `required` has the required members.
    pub fn module(&mut self, wanted: &str) -> String {
        self.reserve("event_runtime");
        self.reserve("required");
        self.field(wanted)
    }

    /// Takes a name, so that nothing else gets it.
    pub fn reserve(&mut self, name: &str) {
        self.used.insert(name.to_owned());
    }

    fn unique(&mut self, base: &str, with: impl Fn(&str, usize) -> String) -> String {
        let mut name = base.to_owned();
        let mut number = 2;
        while !self.used.insert(name.clone()) {
            name = with(base, number);
            number += 1;
        }
        name
    }
}

/// The module of a folder. Two folders may have one.
pub(super) fn module(wanted: &str) -> String {
    Names::default().module(wanted)
}

/// Letters that Rust and heck treat alike; the rest parts words.
fn plain(text: &str) -> String {
    let cut: String = text.chars().take(4 * MAX_NAME).collect();
    cut.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' })
        .collect()
}

/// Upper camel case, until converting it again changes nothing: `X1N2` would become `X1n2`.
fn camel(text: &str) -> String {
    let mut name = text.to_upper_camel_case();
    loop {
        let next = name.to_upper_camel_case();
        if next == name {
            return name;
        }
        name = next;
    }
}

fn type_base(wanted: &str) -> String {
    let cut: String = camel(&plain(wanted)).chars().take(MAX_NAME).collect();
    let name = camel(&cut);
    match name.chars().next() {
        None => "Unnamed".to_owned(),
        Some(c) if c.is_ascii_digit() => camel(&format!("N{name}")),
        Some(_) if name == "Self" => "SelfType".to_owned(),
        Some(_) => name,
    }
}

fn variant_base(wanted: &str) -> String {
    let symbols: String = wanted
        .chars()
        .take(MAX_NAME)
        .map(|c| match c {
            '<' => " less ".to_owned(),
            '>' => " greater ".to_owned(),
            '=' => " equal ".to_owned(),
            '!' => " not ".to_owned(),
            '+' => " plus ".to_owned(),
            '*' => " star ".to_owned(),
            '%' => " percent ".to_owned(),
            c => c.to_string(),
        })
        .collect();
    let symbols = if wanted.chars().any(|c| c.is_ascii_alphanumeric()) {
        wanted
    } else {
        &symbols
    };
    if plain(symbols).trim().is_empty() {
        return if wanted.is_empty() {
            "Empty".to_owned()
        } else {
            "Other".to_owned()
        };
    }
    match name::variant_ident(&plain(symbols)) {
        ident if ident == "Self_" => "SelfValue".to_owned(),
        ident => type_base(&ident),
    }
}

fn field_base(wanted: &str) -> String {
    let name: String = plain(wanted)
        .to_snake_case()
        .chars()
        .take(MAX_NAME)
        .collect();
    let name = name.to_snake_case();
    match name.chars().next() {
        None => "unnamed".to_owned(),
        Some(c) if c.is_ascii_digit() => format!("n{name}"),
        Some(_) if name::field_ident(&name) != name => format!("{name}_"),
        Some(_) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_an_identifier_once() {
        let mut names = Names::default();
        for (wanted, ident) in [
            ("DocumentEventData", "DocumentEventData"),
            ("HTTPServer", "HttpServer"),
            ("String", "StringType"),
            ("", "Unnamed"),
            ("🦀", "Unnamed2"),
            ("3d", "N3d"),
            ("self", "SelfType"),
        ] {
            assert_eq!(names.ty(wanted), ident);
        }
        let mut names = Names::default();
        for (wanted, ident) in [
            ("userId", "user_id"),
            ("user_id", "user_id_n2"),
            ("type", "type_"),
            ("@type", "type_n2"),
            ("", "unnamed"),
            ("ümlaut", "mlaut"),
            ("self", "self_"),
            ("1st", "n1st"),
        ] {
            assert_eq!(names.field(wanted), ident);
        }
        let mut names = Names::default();
        for (wanted, ident) in [
            ("a", "A"),
            ("A", "A2"),
            ("<", "Less"),
            ("<=", "LessEqual"),
            ("", "Empty"),
            ("🦀", "Other"),
            ("42", "V42"),
        ] {
            assert_eq!(names.variant(wanted), ident);
        }
    }

    #[test]
    fn values_are_told_apart_by_what_they_say() {
        for (texts, idents) in [
            (["a", "A", "b"], ["LowerA", "UpperA", "B"]),
            (["+1", "-1", "heart"], ["Plus1", "Minus1", "Heart"]),
            (["C", "C++", "C#"], ["C", "CPlusPlus", "CSharp"]),
            (
                ["<", "<=", "in transit"],
                ["Less", "LessEqual", "InTransit"],
            ),
            (["Plus1", "+1", "1"], ["Plus1", "U002b1", "V1"]),
        ] {
            assert_eq!(Names::variants(&texts), idents);
        }
    }

    #[test]
    fn heck_leaves_them_alone() {
        let mut names = Names::default();
        for text in [
            "a1b2",
            "ABCdef",
            "x_1",
            "1_a",
            "A1B",
            "aBCD_eF3",
            "V2Ray",
            "N2",
            "a-b-2",
            &"word".repeat(40),
            &"1a".repeat(80),
        ] {
            for _ in 0..3 {
                for ident in [names.ty(text), names.variant(text)] {
                    assert_eq!(ident.to_upper_camel_case(), ident, "{text}");
                }
                let field = names.field(text);
                assert_eq!(field.to_snake_case(), field, "{text}");
            }
        }
    }
}
