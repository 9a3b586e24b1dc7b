//! Random contracts that have no errors: all of the language's types, each with what it may carry. The same seed gives the
//! same text. Knows the language's rules and none of its code.

use std::fmt::Write;

use super::patterns::PATTERNS;

/// SplitMix64: small, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap_or(0)
    }

    fn percent(&mut self, n: u64) -> bool {
        self.next() % 100 < n
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let at = self.below(items.len());
        &items[at]
    }
}

/// Names of files: also what crates are called, and keywords.
const DOMAINS: &[&str] = &[
    "alpha",
    "shop/orders",
    "core",
    "std",
    "serde",
    "tokio",
    "alloc",
    "type",
    "a/b/c",
    "option",
    "async",
    "result",
];
const TYPE_NAMES: &[&str] = &[
    "Option",
    "Result",
    "String",
    "Vec",
    "Box",
    "Some",
    "None",
    "Ok",
    "Err",
    "Event",
    "Self",
    "Clone",
    "Debug",
    "Default",
    "PartialEq",
    "Eq",
    "Hash",
    "Send",
    "Sync",
    "Into",
    "From",
    "Iterator",
    "Serialize",
    "Deserialize",
    "Timestamp",
    "Uuid",
    "Bytes",
    "Json",
    "Date",
    "Money",
    "T",
    "A1",
    "HTTPStatus",
];
const FIELD_NAMES: &[&str] = &[
    "type",
    "self",
    "super",
    "crate",
    "match",
    "async",
    "fn",
    "box",
    "gen",
    "try",
    "union",
    "dyn",
    "static",
    "where",
    "result",
    "option",
    "string",
    "vec",
    "some",
    "none",
    "ok",
    "err",
    "value",
    "f",
    "checker",
    "serializer",
    "deserializer",
    "user_id",
    "line_2_text",
    "x",
    "default",
    "tag",
    "name",
    "subject",
    "validate",
    "publish",
    "id",
];
const ENUM_VALUES: &[&str] = &[
    "sms",
    "42",
    "",
    "self",
    "a b",
    "Ünï",
    "type",
    "in_transit",
    "Unknown",
    "None",
    "\\\"quoted\\\"",
    "back\\\\slash",
    "漢字",
    "UPPER",
    "1st",
    "Some",
    "c.d",
    "{x}",
];

/// What constraints and defaults need to know of a type.
#[derive(Clone)]
enum Kind {
    Bool,
    Integer { min: i64, max: i64, text: bool },
    Float,
    Text { free: bool },
    Fixed(&'static str),
    Enum { first: String },
    List,
    Map,
    Json,
    Object,
}

struct Named {
    domain: usize,
    name: String,
    kind: Kind,
}

/// One contracts folder.
pub struct Folder<'a> {
    random: &'a mut Random,
    number: usize,
    domains: Vec<(&'static str, String, Vec<String>)>,
    types: Vec<Named>,
    events: Vec<String>,
    stream: String,
}

/// The files of a random folder: path and text.
pub fn folder(random: &mut Random, number: usize) -> Vec<(String, String)> {
    let mut folder = Folder {
        random,
        number,
        domains: Vec::new(),
        types: Vec::new(),
        events: Vec::new(),
        stream: format!("STREAM-{number}"),
    };
    for _ in 0..1 + folder.random.below(2) {
        let name = *folder.random.pick(DOMAINS);
        if folder.domains.iter().all(|(other, ..)| *other != name) {
            folder.domains.push((
                name,
                "doc = \"\"\"Any \\\"text\\\" */ \\\\ here.\"\"\"\n".to_owned(),
                Vec::new(),
            ));
        }
    }
    for domain in 0..folder.domains.len() {
        for _ in 0..3 + folder.random.below(4) {
            folder.named(domain);
        }
        for _ in 0..1 + folder.random.below(2) {
            folder.event(domain);
        }
    }
    folder.finish()
}

impl Folder<'_> {
    fn out(&mut self, domain: usize) -> &mut String {
        &mut self.domains[domain].1
    }

    fn line(&mut self, domain: usize, text: &str) {
        let out = self.out(domain);
        out.push_str(text);
        out.push('\n');
    }

    /// A name that no type or event of the domain has.
    fn name(&mut self, domain: usize) -> String {
        let tricky = (*self.random.pick(TYPE_NAMES)).to_owned();
        let taken = &self.domains[domain].2;
        let name = if taken.contains(&tricky) {
            format!("Thing{}", taken.len())
        } else {
            tricky
        };
        self.domains[domain].2.push(name.clone());
        name
    }

    fn named(&mut self, domain: usize) {
        let name = self.name(domain);
        let kind = match self.random.below(10) {
            0..=2 => self.enumeration(domain, &name),
            3..=4 => self.scalar(domain, &name),
            5..=6 => self.union(domain, &name),
            _ => {
                self.structure(domain, &name, None);
                Kind::Object
            }
        };
        self.types.push(Named { domain, name, kind });
    }

    fn enumeration(&mut self, domain: usize, name: &str) -> Kind {
        let start = self.random.below(ENUM_VALUES.len());
        let count = 1 + self.random.below(6);
        // Some of the values would be one variant: Unknown and unknown, type and Type.
        let values: Vec<&str> = (0..count)
            .map(|at| ENUM_VALUES[(start + at * 3) % ENUM_VALUES.len()])
            .collect();
        let list: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
        self.line(
            domain,
            &format!("[types.{name}]\nenum = [{}]", list.join(", ")),
        );
        if self.random.percent(40) {
            self.line(domain, "closed = true");
        }
        Kind::Enum {
            first: format!("\"{}\"", values[0]),
        }
    }

    fn scalar(&mut self, domain: usize, name: &str) -> Kind {
        self.line(domain, &format!("[types.{name}]"));
        let ty = *self.random.pick(&[
            "string", "string", "i32", "i64", "u32", "u64", "f64", "uuid", "decimal", "bytes",
            "duration",
        ]);
        let (parts, kind) = self.constrained(ty);
        self.line(domain, &format!("type = \"{ty}\""));
        for part in parts {
            self.line(domain, &part);
        }
        kind
    }

    fn union(&mut self, domain: usize, name: &str) -> Kind {
        let tag = *self.random.pick(&["kind", "type", "@type", "Tag"]);
        let mut text = format!("[types.{name}]\ntag = \"{tag}\"\n");
        if self.random.percent(40) {
            text.push_str("closed = true\n");
        }
        let _ = writeln!(text, "[types.{name}.union]");
        let mut bodies = Vec::new();
        for at in 0..1 + self.random.below(4) {
            let body = format!("{name}V{at}");
            let value = ENUM_VALUES[(at * 5 + self.number) % ENUM_VALUES.len()];
            let _ = writeln!(text, "\"{value}\" = \"{body}\"");
            bodies.push(body);
        }
        self.line(domain, &text);
        for body in bodies {
            self.domains[domain].2.push(body.clone());
            self.structure(domain, &body, Some(tag));
        }
        Kind::Object
    }

    fn structure(&mut self, domain: usize, name: &str, tag: Option<&str>) {
        self.line(domain, &format!("[types.{name}.fields]"));
        let count = self.random.below(6);
        let fields = self.fields(domain, count, tag);
        for (field, text) in fields {
            self.line(domain, &format!("{field} = {text}"));
        }
        if tag.is_none() && self.random.percent(25) {
            // A type may contain itself where there can be an end.
            let own = *self
                .random
                .pick(&["list<@>", "map<@>", "@?", "list<map<@>>?"]);
            self.line(domain, &format!("own = \"{}\"", own.replace('@', name)));
        }
    }

    /// Fields by name, none of which is a union's tag.
    fn fields(&mut self, domain: usize, count: usize, tag: Option<&str>) -> Vec<(String, String)> {
        let mut names: Vec<String> = Vec::new();
        let mut fields = Vec::new();
        for _ in 0..count {
            let name = (*self.random.pick(FIELD_NAMES)).to_owned();
            if names.contains(&name) || Some(name.as_str()) == tag {
                continue;
            }
            fields.push((name.clone(), self.field(domain, &name)));
            names.push(name);
        }
        fields
    }

    fn field(&mut self, domain: usize, name: &str) -> String {
        let (ty, mut parts, kind) = self.ty(domain);
        let optional = self.random.percent(25);
        if optional {
            // Nothing more to say.
        } else if self.random.percent(20)
            && let Some(default) = self.default(&kind, parts.is_empty(), &ty)
        {
            parts.push(format!("default = {default}"));
        }
        if self.random.percent(8) {
            parts.push(format!("alias = \"old {name}\""));
        }
        if self.random.percent(8) {
            let odd = *self.random.pick(&["Odd-@", "ü @", "$@", "@@", "/@~"]);
            parts.push(format!("rename = \"{}\"", odd.replace('@', name)));
        }
        if self.random.percent(5) {
            parts.push("sensitive = true".to_owned());
        }
        if self.random.percent(5) {
            parts.push("deprecated = \"nothing\"".to_owned());
        }
        if self.random.percent(10) {
            parts.push("doc = \"Any \\\"text\\\" */ \\\\ here.\"".to_owned());
        }
        let ty = format!("{ty}{}", if optional { "?" } else { "" });
        if parts.is_empty() && self.random.percent(80) {
            format!("\"{ty}\"")
        } else {
            parts.insert(0, format!("type = \"{ty}\""));
            format!("{{ {} }}", parts.join(", "))
        }
    }

    /// A type, what constrains it, and what it is.
    fn ty(&mut self, domain: usize) -> (String, Vec<String>, Kind) {
        match self.random.below(10) {
            0..=4 => {
                let ty = *self.random.pick(&[
                    "bool",
                    "string",
                    "string",
                    "i32",
                    "i64",
                    "u32",
                    "u64",
                    "f64",
                    "decimal",
                    "uuid",
                    "timestamp",
                    "date",
                    "duration",
                    "bytes",
                    "json",
                ]);
                let (parts, kind) = self.constrained(ty);
                (ty.to_owned(), parts, kind)
            }
            5..=7 => match self.reference(domain) {
                Some((name, kind)) => (name, Vec::new(), kind),
                None => ("bool".to_owned(), Vec::new(), Kind::Bool),
            },
            outer => {
                let inner = self.inner(domain, 0);
                let (wrapper, kind) = if outer == 8 {
                    ("list", Kind::List)
                } else {
                    ("map", Kind::Map)
                };
                let mut parts = Vec::new();
                if self.random.percent(30) {
                    parts.push(format!("min_items = {}", self.random.below(3)));
                }
                if self.random.percent(30) {
                    parts.push(format!("max_items = {}", 2 + self.random.below(3)));
                }
                (format!("{wrapper}<{inner}>"), parts, kind)
            }
        }
    }

    /// An element's type: no constraints, so no wide integers.
    fn inner(&mut self, domain: usize, depth: usize) -> String {
        if depth < 2 && self.random.percent(20) {
            let wrapper = *self.random.pick(&["list", "map"]);
            return format!("{wrapper}<{}>", self.inner(domain, depth + 1));
        }
        if self.random.percent(50)
            && let Some((name, _)) = self.reference(domain)
        {
            return name;
        }
        let scalars = &[
            "bool",
            "string",
            "i32",
            "u32",
            "f64",
            "decimal",
            "uuid",
            "timestamp",
            "date",
            "duration",
            "bytes",
            "json",
        ];
        (*self.random.pick(scalars)).to_owned()
    }

    /// A type that is there already and is no variant.
    fn reference(&mut self, domain: usize) -> Option<(String, Kind)> {
        if self.types.is_empty() {
            return None;
        }
        let at = self.random.below(self.types.len());
        let named = &self.types[at];
        let name = if named.domain == domain && self.random.percent(70) {
            named.name.clone()
        } else {
            format!(
                "{}.{}",
                self.domains[named.domain].0.replace('/', "."),
                named.name
            )
        };
        Some((name, named.kind.clone()))
    }

    fn constrained(&mut self, ty: &str) -> (Vec<String>, Kind) {
        let mut parts = Vec::new();
        let kind = match ty {
            "bool" => Kind::Bool,
            "json" => Kind::Json,
            "string" => return self.text(),
            "i32" | "u32" | "i64" | "u64" => return self.integer(ty),
            "f64" => {
                if self.random.percent(30) {
                    parts.push("min = -1.5".to_owned());
                }
                if self.random.percent(30) {
                    parts.push(
                        (*self.random.pick(&["max = 100", "max = 2.25", "max = 1e6"])).to_owned(),
                    );
                }
                Kind::Float
            }
            "decimal" => Kind::Fixed("\"-12.50\""),
            "uuid" => Kind::Fixed("\"67e55044-10b1-426f-9247-bb680e5fe0c8\""),
            "timestamp" => Kind::Fixed("2024-02-29T12:00:00.5Z"),
            "date" => Kind::Fixed("\"2024-02-29\""),
            "duration" => Kind::Fixed("\"PT1H30M\""),
            _ => Kind::Fixed("\"aGk=\""),
        };
        (parts, kind)
    }

    fn text(&mut self) -> (Vec<String>, Kind) {
        let mut parts = Vec::new();
        match self.random.below(5) {
            0 => {
                let (pattern, _) = self.random.pick(PATTERNS);
                parts.push(format!("pattern = '{pattern}'"));
            }
            1 => {
                parts.push(format!("min_length = {}", self.random.below(4)));
                if self.random.percent(50) {
                    parts.push(format!("max_length = {}", 3 + self.random.below(10)));
                }
            }
            2 => parts.push(format!("max_length = {}", self.random.below(8))),
            _ => {}
        }
        let free = parts.is_empty();
        (parts, Kind::Text { free })
    }

    fn integer(&mut self, ty: &str) -> (Vec<String>, Kind) {
        const WIDEST: i64 = (1 << 53) - 1;
        let wide = ty.ends_with("64");
        let (mut min, mut max) = match ty {
            "i32" => (i64::from(i32::MIN), i64::from(i32::MAX)),
            "u32" => (0, i64::from(u32::MAX)),
            "i64" => (-WIDEST, WIDEST),
            _ => (0, WIDEST),
        };
        if wide && self.random.percent(40) {
            return (
                vec!["encoding = \"string\"".to_owned()],
                Kind::Integer {
                    min: 0,
                    max: 9,
                    text: true,
                },
            );
        }
        let mut parts = Vec::new();
        if wide || self.random.percent(30) {
            min = *self.random.pick(&[min, 0, 1, max / 3]);
            parts.push(format!("min = {min}"));
        }
        if wide || self.random.percent(30) {
            max = *self.random.pick(&[max, max / 2, min, min + 10]);
            parts.push(format!("max = {max}"));
        }
        (
            parts,
            Kind::Integer {
                min,
                max,
                text: false,
            },
        )
    }

    /// A default that fits, for what has a simple one.
    fn default(&mut self, kind: &Kind, unconstrained: bool, ty: &str) -> Option<String> {
        Some(match kind {
            Kind::Bool => "true".to_owned(),
            Kind::Integer { text: true, .. } => format!("\"{}\"", self.random.below(9)),
            Kind::Integer { min, max, .. } => {
                (*self.random.pick(&[*min, *max, min + (max - min) / 2])).to_string()
            }
            Kind::Float => (*self.random.pick(&["0.5", "-1", "1.0"])).to_owned(),
            Kind::Text { free: true } if unconstrained => "\"any \\\"text\\\"\\n\"".to_owned(),
            Kind::Fixed(text) => (*text).to_owned(),
            Kind::Enum { first } => first.clone(),
            Kind::List if unconstrained && ty == "list<string>" => "[\"a\", \"b\"]".to_owned(),
            Kind::List if unconstrained => "[]".to_owned(),
            Kind::Map if unconstrained && ty == "map<i32>" => "{ a = 1, \"b c\" = 2 }".to_owned(),
            Kind::Map if unconstrained => "{}".to_owned(),
            Kind::Json => "{ a = [1, \"b\", { c = true }], d = 2.5 }".to_owned(),
            Kind::Text { .. } | Kind::List | Kind::Map | Kind::Object => return None,
        })
    }

    fn event(&mut self, domain: usize) {
        let name = self.name(domain);
        let full = format!("{}.{name}", self.domains[domain].0.replace('/', "."));
        let separator = *self.random.pick(&[".", ":", "-"]);
        let mut subject = format!(
            "r{}{separator}{}{separator}{name}",
            self.number,
            self.domains[domain].0.replace('/', "-")
        );
        let mut head = String::new();
        let mut fields = Vec::new();
        let (stored, keyed) = (self.random.percent(60), self.random.percent(30));
        if stored {
            let _ = writeln!(head, "stream = \"{}\"", self.stream);
            if self.random.percent(60) {
                let ty = *self.random.pick(&["string", "uuid", "u32", "i32"]);
                let _ = writeln!(head, "id = \"the_id\"");
                fields.push(("the_id".to_owned(), format!("\"{ty}\"")));
            }
            if keyed {
                let _ = writeln!(head, "key = \"the_key\"");
                subject.push_str(".{partition}.{the_key}");
                let ty = *self.random.pick(&["string", "uuid", "bool", "u32"]);
                fields.push(("the_key".to_owned(), format!("\"{ty}\"")));
            }
        }
        if self.random.percent(10) {
            let _ = writeln!(head, "deprecated = \"nothing\"");
        }
        let count = 2 + self.random.below(9);
        fields.extend(self.fields(domain, count, None));
        self.line(
            domain,
            &format!("[events.{name}]\nsubject = \"{subject}\"\n{head}[events.{name}.fields]"),
        );
        for (field, text) in fields {
            self.line(domain, &format!("{field} = {text}"));
        }
        self.events.push(full);
    }

    fn finish(mut self) -> Vec<(String, String)> {
        let publishes: Vec<String> = self
            .events
            .iter()
            .map(|event| format!("\"{event}\""))
            .collect();
        let text = format!(
            "[streams.{}]\nmax_age = \"1h\"\npartitions = 4\n[services.s-{}]\npublishes = [{}]\n",
            self.stream,
            self.number,
            publishes.join(", ")
        );
        self.line(0, &text);
        self.domains
            .into_iter()
            .map(|(name, text, _)| (format!("{name}.toml"), text))
            .collect()
    }
}
