//! Identifiers for the values of one enum or the keys of one union, each of its own: where `variant_ident` makes two of them
//! one, their signs are spelled out, then their case, then their code points. What a value is called depends on the values
//! and never on their order, so that no two swap their names in silence.

use std::collections::{HashMap, HashSet};

use heck::ToUpperCamelCase;

use super::{is_ident_char, is_ident_start, type_ident, variant_ident};

/// The identifiers of these texts, in their order. `given` is what the contract calls one itself.
///
/// Two can still be equal: given names, or texts that go out of their way. The rules report those.
#[must_use]
pub fn variant_idents<'a>(
    texts: impl IntoIterator<Item = &'a str>,
    given: impl Fn(&str) -> Option<&'a str>,
) -> Vec<String> {
    let texts: Vec<&str> = texts.into_iter().collect();
    let mut fixed = vec![false; texts.len()];
    let mut idents: Vec<String> = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        let given = given(text);
        fixed[at] = given.is_some();
        idents.push(given.map_or_else(|| variant_ident(text), type_ident));
    }
    // Nearly every enum ends here, and build scripts run unoptimised.
    if is_each_another(&idents) && !texts.iter().any(|text| text.contains(is_combining)) {
        return idents;
    }
    let composed = texts.iter().any(|text| text.contains(is_composed));
    let first = |text: &str| match composed && text.contains(is_combining) {
        // rustc takes a letter with its mark for one letter.
        true => None,
        false => Some(variant_ident(text)),
    };
    settle(&texts, &mut idents, &mut fixed, first);
    for way in [spelled, cased, coded] {
        settle(&texts, &mut idents, &mut fixed, |text| Some(way(text)));
    }
    idents
}

/// Gives each text that has no identifier yet the one of `way`, if no other has it or would get it.
fn settle(
    texts: &[&str],
    idents: &mut [String],
    fixed: &mut [bool],
    way: impl Fn(&str) -> Option<String>,
) {
    let open = (0..texts.len()).filter(|at| !fixed[*at]);
    let wanted: Vec<(usize, String)> = open.filter_map(|at| Some((at, way(texts[at])?))).collect();
    let mut count: HashMap<&str, usize> = HashMap::new();
    for (_, ident) in &wanted {
        *count.entry(ident).or_default() += 1;
    }
    let taken: HashSet<String> = (0..texts.len())
        .filter(|at| fixed[*at])
        .map(|at| idents[at].clone())
        .collect();
    for (at, ident) in &wanted {
        if count.get(ident.as_str()) == Some(&1) && !taken.contains(ident) {
            idents[*at].clone_from(ident);
            fixed[*at] = true;
        }
    }
}

/// Sorted and not hashed: there are many short lists.
pub(crate) fn is_each_another(idents: &[String]) -> bool {
    let mut sorted: Vec<&str> = idents.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted.windows(2).all(|two| two[0] != two[1])
}

/// Words to UpperCamelCase, with what an identifier needs in front.
fn ident(words: &str) -> String {
    let camel = words.to_upper_camel_case();
    match camel.chars().next() {
        None => "Empty".to_owned(),
        Some(first) if !is_ident_start(first) => format!("V{camel}"),
        Some(_) => type_ident(&camel),
    }
}

/// `+1` is `Plus1`, `C#` is `CSharp`.
fn spelled(text: &str) -> String {
    ident(&words(text, sign))
}

/// With the code points of all that is no ASCII letter or digit.
fn coded(text: &str) -> String {
    let sign = |c: char, _: Option<char>, _: Option<char>| code(c);
    let plain: String = words(text, sign)
        .chars()
        .map(|c| match c {
            c if c.is_ascii() => c.to_string(),
            c => format!(" {} ", code(c)),
        })
        .collect();
    ident(&format!("{} {plain}", case(text)))
}

/// With the case of its letters: `a` is `LowerA`, and `A` is `UpperA`.
fn cased(text: &str) -> String {
    ident(&format!("{} {}", case(text), words(text, sign)))
}

/// What there is to say of a text's case.
fn case(text: &str) -> String {
    let letters = || {
        text.chars()
            .filter(|c| c.is_uppercase() || c.is_lowercase())
    };
    let mut rest = letters();
    let first = rest.next();
    let tail_lower = rest.clone().all(char::is_lowercase);
    match first {
        None => String::new(),
        Some(first) if first.is_lowercase() && tail_lower => "lower".to_owned(),
        Some(_) if letters().all(char::is_uppercase) => "upper".to_owned(),
        Some(_) if tail_lower => "title".to_owned(),
        // One letter for each: there is no word for them.
        Some(_) => {
            let marks = letters().map(|c| if c.is_uppercase() { 'u' } else { 'l' });
            format!("case {}", marks.collect::<String>())
        }
    }
}

/// A text with its signs as words.
fn words(text: &str, sign: impl Fn(char, Option<char>, Option<char>) -> String) -> String {
    let mut out = String::new();
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied();
        if is_ident_char(c) && !is_combining(c) {
            out.push(c);
        } else {
            out.push_str(&format!(" {} ", sign(c, before, after)));
        }
        before = Some(c);
    }
    out
}

/// The word for a sign, between its neighbours.
fn sign(c: char, before: Option<char>, after: Option<char>) -> String {
    let word_before = before.is_some_and(char::is_alphanumeric);
    let word_after = after.is_some_and(char::is_alphanumeric);
    let word = match c {
        '-' if word_before && word_after => "dash",
        '-' | '\u{2212}' => "minus",
        '!' if word_before => "bang",
        '!' => "not",
        '#' if word_before => "sharp",
        '#' => "hash",
        '+' => "plus",
        '<' => "less",
        '>' => "greater",
        '=' => "equal",
        '*' => "star",
        '/' => "slash",
        '\\' => "backslash",
        '%' => "percent",
        '&' => "and",
        '|' => "pipe",
        '^' => "caret",
        '~' => "tilde",
        '@' => "at",
        '$' => "dollar",
        '€' => "euro",
        '£' => "pound",
        '¥' => "yen",
        '°' => "degree",
        '"' => "quote",
        '\'' => "apostrophe",
        '`' => "backtick",
        '(' => "left paren",
        ')' => "right paren",
        '[' => "left bracket",
        ']' => "right bracket",
        '{' => "left brace",
        '}' => "right brace",
        ',' => "comma",
        ';' => "semicolon",
        ':' => "colon",
        '?' => "question",
        '.' => "dot",
        '_' => "underscore",
        ' ' => "space",
        '\t' => "tab",
        '\n' => "newline",
        '\r' => "return",
        '\u{2013}' | '\u{2014}' => "long dash",
        '×' => "times",
        '÷' => "divided",
        '±' => "plus minus",
        '≤' => "at most",
        '≥' => "at least",
        '≠' => "unequal",
        '←' => "left",
        '→' => "right",
        '↑' => "up",
        '↓' => "down",
        other => return code(other),
    };
    word.to_owned()
}

fn code(c: char) -> String {
    format!("U{:04X}", u32::from(c))
}

/// A mark that rustc, which reads identifiers in normal form C, may join with the letter before it.
fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// A letter that may be what such a pair becomes.
fn is_composed(c: char) -> bool {
    c.is_alphabetic() && !c.is_ascii()
}

#[cfg(test)]
mod tests;
