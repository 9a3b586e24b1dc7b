//! A struct that no tuple holds.

use serde_json::{Value, from_value, json, to_value};

#[derive(Debug, PartialEq)]
struct Long {
    a: i32,
    b: i32,
    c: i32,
    d: i32,
    e: i32,
    f: i32,
    g: i32,
    h: i32,
    i: i32,
    j: i32,
    k: i32,
    l: i32,
    m: i32,
    n: i32,
    o: i32,
    p: i32,
    q: Option<String>,
    r: u64,
    s: i32,
    t: i32,
    u: i32,
    v: i32,
    w: i32,
    x: i32,
    y: i32,
    z: i32,
    aa: i32,
    ab: i32,
    ac: i32,
    ad: i32,
    ae: i32,
    af: i32,
    last: String,
}
crate::wire_struct!(Long {
    a = required("a"), b = required("b"), c = required("c"), d = required("d"), e = required("e"), f = required("f"),
    g = required("g"), h = required("h"), i = required("i"), j = required("j"), k = required("k"), l = required("l"),
    m = required("m"), n = required("n"), o = required("o"), p = required("p"), q = optional("q"), r = text("r"),
    s = defaulted("s", || 7), t = required("t"), u = required("u"), v = required("v"), w = required("w"), x = required("x"),
    y = required("y"), z = required("z"), aa = required("aa"), ab = required("ab"), ac = required("ac"),
    ad = required("ad"), ae = required("ae"), af = required("af"), last = required("last"),
}, alias { "end" = "last" });

/// More than two tuples hold: every field is found, and a fault in each part is told with its name.
#[test]
fn a_long_struct() {
    let mut whole = serde_json::Map::new();
    for (at, name) in [
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "s", "t",
        "u", "v", "w", "x", "y", "z", "aa", "ab", "ac", "ad", "ae", "af",
    ]
    .into_iter()
    .enumerate()
    {
        whole.insert(name.to_owned(), json!(at));
    }
    whole.insert("r".to_owned(), json!("18446744073709551615"));
    whole.insert("last".to_owned(), json!("end"));
    let long: Long = from_value(Value::Object(whole.clone())).unwrap();
    assert_eq!((long.a, long.p, long.s, long.af), (0, 15, 16, 29));
    assert_eq!((&long.q, long.r, &*long.last), (&None, u64::MAX, "end"));
    assert_eq!(to_value(&long).unwrap(), Value::Object(whole.clone()));
    let with = |name: &str, value: Value| {
        let mut object = whole.clone();
        object.insert(name.to_owned(), value);
        from_value::<Long>(Value::Object(object))
    };
    assert_eq!(with("q", json!("text")).unwrap().q.as_deref(), Some("text"));
    assert_eq!(with("unknown", json!([])).unwrap(), long);
    for name in ["a", "r", "af"] {
        assert!(with(name, json!([])).is_err(), "{name}");
    }
    for name in ["a", "p", "r", "t", "af", "last"] {
        let mut object = whole.clone();
        object.remove(name);
        let error = from_value::<Long>(Value::Object(object)).unwrap_err();
        assert_eq!(error.to_string(), format!("missing field `{name}`"));
    }
    let mut object = whole.clone();
    object.remove("s");
    let last = object.remove("last").unwrap();
    object.insert("end".to_owned(), last);
    assert_eq!(from_value::<Long>(Value::Object(object)).unwrap().s, 7);
    for name in ["b", "t", "ae"] {
        let text = format!("{{\"{name}\":1,\"{name}\":1}}");
        let error = serde_json::from_str::<Long>(&text).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with(&format!("duplicate field `{name}`")),
            "{error}"
        );
    }
}
