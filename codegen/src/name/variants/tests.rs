use super::*;

fn idents(texts: &[&str]) -> Vec<String> {
    variant_idents(texts.iter().copied(), |_| None)
}

#[track_caller]
fn are(texts: &[&str], expected: &[&str]) {
    assert_eq!(idents(texts), expected, "{texts:?}");
    // Not by their place.
    let mut turned: Vec<&str> = texts.to_vec();
    turned.reverse();
    let mut again = idents(&turned);
    again.reverse();
    assert_eq!(again, expected, "{texts:?} turned around");
}

#[test]
fn what_works_without_signs_keeps_its_names() {
    are(&["+1", "laugh"], &["V1", "Laugh"]);
    are(&["🦀"], &["Empty"]);
    are(&["in-transit", "C++"], &["InTransit", "C"]);
}

#[test]
fn signs_are_spelled_out_where_they_are_all_the_difference() {
    are(&["+1", "-1", "heart"], &["Plus1", "Minus1", "Heart"]);
    are(
        &["<", "<=", ">", ">=", "=", "!="],
        &[
            "Less",
            "LessEqual",
            "Greater",
            "GreaterEqual",
            "Equal",
            "NotEqual",
        ],
    );
    are(&["C", "C++", "C#"], &["C", "CPlusPlus", "CSharp"]);
    are(
        &["in-transit", "in_transit", "in transit"],
        &["InDashTransit", "InUnderscoreTransit", "InSpaceTransit"],
    );
    are(&["+", "-", "*", "/"], &["Plus", "Minus", "Star", "Slash"]);
    are(
        &["", " ", "  ", "\t"],
        &["Empty", "Space", "SpaceSpace", "Tab"],
    );
    are(
        &["1", "+1", "1+", "1 2", "12"],
        &["V1", "Plus1", "V1Plus", "V1Space2", "V12"],
    );
    are(&["👍", "👎", ""], &["U1f44d", "U1f44e", "Empty"]);
    are(&["R&D", "R-D"], &["RAndD", "RDashD"]);
    are(&["self", "self!"], &["Self_", "SelfBang"]);
}

#[test]
fn then_case_and_then_code_points() {
    are(&["a", "A"], &["LowerA", "UpperA"]);
    are(
        &["sms", "Sms", "SMS"],
        &["LowerSms", "TitleSms", "UpperSms"],
    );
    are(&["sMs", "sMS"], &["CaseLulSMs", "CaseLuuSMs"]);
    are(&["é", "É"], &["LowerÉ", "UpperÉ"]);
    are(
        &["≤", "<=", "U2264", ""],
        &["AtMost", "LessEqual", "U2264", "Empty"],
    );
    // A dash between words, and the word, which has its name already.
    are(
        &["a-b", "a b", "a dash b"],
        &["LowerADashB", "ASpaceB", "ADashB"],
    );
}

#[test]
fn a_letter_and_its_mark_are_not_the_letter_with_its_mark() {
    let names = idents(&["\u{e9}", "e\u{301}"]);
    assert_eq!(names, ["É", "EU0301"]);
}

#[test]
fn a_given_name_comes_first() {
    let given = |text: &str| match text {
        "+1" => Some("Up"),
        "-" => Some("Plus"),
        _ => None,
    };
    let names = variant_idents(["+1", "-1", "+", "-"], given);
    assert_eq!(names, ["Up", "V1", "Empty", "Plus"]);
}

#[test]
fn odd_texts_are_identifiers_and_mostly_different() {
    let odd = [
        "", " ", "\u{200b}", "\u{feff}", "²", "2", "Ⓐ", "A", "a", "ª", "_", "__", "-", "--",
        "\u{0}", "\n", "中", "𝒜", "ß", "ẞ", "ﬁ", "fi", "İ", "i", "ı",
    ];
    let names = idents(&odd);
    for (text, name) in odd.iter().zip(&names) {
        let mut chars = name.chars();
        assert!(
            chars.next().is_some_and(unicode_ident::is_xid_start),
            "{text:?} is {name}"
        );
        assert!(
            chars.all(unicode_ident::is_xid_continue),
            "{text:?} is {name}"
        );
    }
    assert!(is_each_another(&names), "{names:?}");
}
