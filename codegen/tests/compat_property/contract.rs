//! Random contracts as plain data, and their TOML.

use std::fmt::Write;
use std::path::PathBuf;

use super::random::Random;

#[derive(Clone, Debug, PartialEq)]
pub enum Ty {
    /// `string`, `i32`, or the name of a type.
    Name(String),
    List(Box<Ty>),
    Map(Box<Ty>),
}

#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub ty: Ty,
    pub optional: bool,
    /// Further keys of the field's table, as TOML.
    pub keys: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Struct(Vec<Field>),
    Enum {
        values: Vec<String>,
        closed: bool,
    },
    Union {
        tag: String,
        variants: Vec<(String, String)>,
        closed: bool,
    },
    Scalar {
        ty: String,
        keys: Vec<(&'static str, String)>,
    },
}

#[derive(Clone, Debug)]
pub struct Type {
    pub name: String,
    pub kind: Kind,
    pub reserved: Vec<String>,
    pub doc: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Event {
    pub file: &'static str,
    pub name: String,
    pub subject: String,
    pub stream: Option<String>,
    pub fields: Vec<Field>,
    pub reserved: Vec<String>,
    /// `id`, `key`, `deprecated` and the like, as TOML.
    pub keys: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug)]
pub struct Table {
    pub name: String,
    pub keys: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug)]
pub struct Contract {
    pub events: Vec<Event>,
    pub types: Vec<Type>,
    pub streams: Vec<Table>,
    pub services: Vec<Table>,
}

pub fn quoted(text: &str) -> String {
    format!("{text:?}")
}

pub fn list(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
    format!("[{}]", items.join(", "))
}

impl Ty {
    pub fn name(name: &str) -> Self {
        Self::Name(name.to_owned())
    }

    pub fn text(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::List(item) => format!("list<{}>", item.text()),
            Self::Map(item) => format!("map<{}>", item.text()),
        }
    }
}

pub fn put(keys: &mut Vec<(&'static str, String)>, key: &'static str, value: String) {
    keys.retain(|(known, _)| *known != key);
    keys.push((key, value));
}

impl Field {
    pub fn new(name: &str, ty: Ty) -> Self {
        Self {
            name: name.to_owned(),
            ty,
            optional: false,
            keys: Vec::new(),
        }
    }

    pub fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|(known, _)| *known == key)
    }

    fn toml(&self) -> String {
        let mut out = format!(
            "{} = {{ type = \"{}{}\"",
            self.name,
            self.ty.text(),
            if self.optional { "?" } else { "" }
        );
        for (key, value) in &self.keys {
            let _ = write!(out, ", {key} = {value}");
        }
        out + " }\n"
    }
}

/// Patterns that the payloads know how to match.
pub const PATTERNS: &[&str] = &["^[A-Z]{3}$", "^[0-9]{4}$", "^[a-z]+$", "^[a-z]{2,6}$"];

fn scalar(random: &mut Random) -> Field {
    let mut field = Field::new("", Ty::name("string"));
    let (ty, keys): (&str, Vec<(&'static str, String)>) = match random.below(17) {
        0 => ("bool", vec![]),
        1 => ("string", vec![]),
        2 => (
            "string",
            vec![("pattern", quoted(random.pick::<&str>(PATTERNS)))],
        ),
        3 => {
            let min = random.between(0, 4);
            (
                "string",
                vec![
                    ("min_length", min.to_string()),
                    ("max_length", (min + random.between(2, 9)).to_string()),
                ],
            )
        }
        4 => ("i32", vec![]),
        5 => ("u32", vec![]),
        6 => {
            let min = random.between(-50, 50);
            (
                "i32",
                vec![
                    ("min", min.to_string()),
                    ("max", (min + random.between(1, 90)).to_string()),
                ],
            )
        }
        7 => (
            "i64",
            vec![
                ("min", "-9007199254740991".into()),
                ("max", "9007199254740991".into()),
            ],
        ),
        8 => ("u64", vec![("encoding", quoted("string"))]),
        9 => ("f64", vec![]),
        10 => ("decimal", vec![]),
        11 => ("uuid", vec![]),
        12 => ("timestamp", vec![]),
        13 => ("date", vec![]),
        14 => ("duration", vec![]),
        15 => ("bytes", vec![]),
        _ => ("json", vec![]),
    };
    field.ty = Ty::name(ty);
    field.keys = keys;
    field
}

const TYPES: &[&str] = &[
    "Money", "Line", "Status", "Level", "Pay", "Contact", "Code", "Tree",
];

pub fn random_field(name: &str, random: &mut Random) -> Field {
    let mut field = match random.below(10) {
        0..=3 => scalar(random),
        4..=6 => Field::new("", Ty::name(random.pick::<&str>(TYPES))),
        7 => Field::new("", Ty::List(Box::new(Ty::name(random.pick::<&str>(TYPES))))),
        8 => Field::new("", Ty::Map(Box::new(Ty::name(random.pick::<&str>(TYPES))))),
        _ => {
            let mut field = Field::new("", Ty::List(Box::new(Ty::name("string"))));
            if random.chance(50) {
                field.keys.push(("min_items", "1".into()));
                field.keys.push(("max_items", "4".into()));
            }
            field
        }
    };
    field.name = name.to_owned();
    field.optional = random.chance(35);
    if !field.optional && random.chance(20) && field.ty == Ty::name("i32") && field.keys.is_empty()
    {
        field
            .keys
            .push(("default", random.between(0, 9).to_string()));
    }
    field
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

impl Contract {
    pub fn random(random: &mut Random) -> Self {
        let fields = |names: &[&str], random: &mut Random| -> Vec<Field> {
            names
                .iter()
                .map(|name| random_field(name, random))
                .collect()
        };
        let kind = |name: &str, kind| Type {
            name: name.to_owned(),
            kind,
            reserved: Vec::new(),
            doc: None,
        };
        let plain = |fields: &[(&str, &str)]| {
            Kind::Struct(
                fields
                    .iter()
                    .map(|(name, ty)| Field::new(name, Ty::name(ty)))
                    .collect(),
            )
        };
        let mut tree = Field::new("children", Ty::List(Box::new(Ty::name("Tree"))));
        tree.optional = random.chance(50);
        let types = vec![
            kind("Money", plain(&[("currency", "string"), ("minor", "i32")])),
            kind(
                "Line",
                Kind::Struct(vec![
                    scalar_named("sku", random),
                    Field::new("price", Ty::name("Money")),
                    scalar_named("count", random),
                ]),
            ),
            kind(
                "Status",
                Kind::Enum {
                    values: texts(&["open", "paid", "void"]),
                    closed: random.chance(50),
                },
            ),
            kind(
                "Level",
                Kind::Enum {
                    values: texts(&["low", "high"]),
                    closed: random.chance(50),
                },
            ),
            kind(
                "Pay",
                union("kind", &[("card", "Card"), ("cash", "Cash")], random),
            ),
            kind(
                "Contact",
                union("type", &[("phone", "Phone"), ("mail", "Mail")], random),
            ),
            kind(
                "Code",
                Kind::Scalar {
                    ty: "string".into(),
                    keys: vec![("max_length", random.between(3, 9).to_string())],
                },
            ),
            kind(
                "Tree",
                Kind::Struct(vec![Field::new("label", Ty::name("string")), tree]),
            ),
            kind("Card", plain(&[("last4", "string"), ("amount", "Money")])),
            kind("Cash", plain(&[("change", "f64")])),
            kind("Phone", plain(&[("number", "string")])),
            kind("Mail", plain(&[("address", "string"), ("level", "Level")])),
        ];
        let order = |name: &str, subject: &str, stream: Option<&str>, keys, random: &mut Random| {
            let mut all = vec![
                Field::new("order_id", Ty::name("uuid")),
                Field::new("region", Ty::name("string")),
            ];
            all.extend(fields(&["alpha", "beta", "gamma", "delta"], random));
            Event {
                file: "shop",
                name: name.into(),
                subject: subject.into(),
                stream: stream.map(str::to_owned),
                fields: all,
                reserved: texts(&["forbidden"]),
                keys,
            }
        };
        let events = vec![
            order(
                "Placed",
                "shop.{partition}.{region}.placed",
                Some("SHOP"),
                vec![("key", quoted("order_id")), ("id", quoted("order_id"))],
                random,
            ),
            order(
                "Paid",
                "shop.paid",
                Some("SHOP"),
                vec![("id", quoted("order_id"))],
                random,
            ),
            order(
                "Old",
                "shop.old",
                Some("SALES"),
                vec![("deprecated", quoted("use Paid"))],
                random,
            ),
            order(
                "Newer",
                "shop.newer",
                Some("SALES"),
                vec![("supersedes", quoted("Paid"))],
                random,
            ),
            order("Seen", "shop.seen", None, vec![], random),
        ];
        let table = |name: &str, keys: &[(&'static str, &str)]| Table {
            name: name.into(),
            keys: keys.iter().map(|(k, v)| (*k, (*v).to_owned())).collect(),
        };
        Self {
            events,
            types,
            streams: vec![
                table(
                    "SHOP",
                    &[
                        ("max_age", "\"7d\""),
                        ("max_bytes", "\"1GiB\""),
                        ("replicas", "3"),
                        ("partitions", "4"),
                    ],
                ),
                table("SALES", &[("max_age", "\"30d\""), ("partitions", "2")]),
            ],
            services: vec![
                table(
                    "web",
                    &[("publishes", r#"["Placed", "Paid", "Old", "Newer", "Seen"]"#)],
                ),
                table(
                    "billing",
                    &[("subscribes", r#"["Placed", "Paid", "Old", "Newer"]"#)],
                ),
                table(
                    "mailer",
                    &[
                        ("subscribes", r#"["Placed", "Seen"]"#),
                        ("publishes", r#"["Paid"]"#),
                    ],
                ),
            ],
        }
    }

    /// Every list of fields: events' first.
    pub fn field_lists(&mut self) -> Vec<&mut Vec<Field>> {
        let types = self.types.iter_mut().filter_map(|ty| match &mut ty.kind {
            Kind::Struct(fields) => Some(fields),
            _ => None,
        });
        self.events
            .iter_mut()
            .map(|event| &mut event.fields)
            .chain(types)
            .collect()
    }

    pub fn files(&self) -> Vec<(PathBuf, String)> {
        ["shop", "web"]
            .into_iter()
            .map(|file| (PathBuf::from(format!("{file}.toml")), self.file(file)))
            .filter(|(_, text)| !text.is_empty())
            .collect()
    }

    fn file(&self, file: &str) -> String {
        let mut out = String::new();
        for event in self.events.iter().filter(|event| event.file == file) {
            let _ = writeln!(
                out,
                "[events.{}]\nsubject = {}",
                event.name,
                quoted(&event.subject)
            );
            if let Some(stream) = &event.stream {
                let _ = writeln!(out, "stream = {}", quoted(stream));
            }
            table(&mut out, &event.keys);
            if !event.reserved.is_empty() {
                let _ = writeln!(out, "reserved = {}", list(&event.reserved));
            }
            let _ = writeln!(out, "[events.{}.fields]", event.name);
            for field in &event.fields {
                // Types are declared in one file.
                out.push_str(&if file == "shop" {
                    field.toml()
                } else {
                    qualified(field).toml()
                });
            }
        }
        if file != "shop" {
            return out;
        }
        self.types.iter().for_each(|ty| ty.toml(&mut out));
        for stream in &self.streams {
            let _ = writeln!(out, "[streams.{}]", stream.name);
            table(&mut out, &stream.keys);
        }
        for service in &self.services {
            let _ = writeln!(out, "[services.{}]", service.name);
            table(&mut out, &service.keys);
        }
        out
    }
}

fn qualified(field: &Field) -> Field {
    fn ty(of: &Ty) -> Ty {
        match of {
            Ty::Name(name) if name.starts_with(char::is_uppercase) => {
                Ty::Name(format!("shop.{name}"))
            }
            Ty::Name(_) => of.clone(),
            Ty::List(item) => Ty::List(Box::new(ty(item))),
            Ty::Map(item) => Ty::Map(Box::new(ty(item))),
        }
    }
    Field {
        ty: ty(&field.ty),
        ..field.clone()
    }
}

fn scalar_named(name: &str, random: &mut Random) -> Field {
    Field {
        name: name.to_owned(),
        ..scalar(random)
    }
}

fn union(tag: &str, variants: &[(&str, &str)], random: &mut Random) -> Kind {
    Kind::Union {
        tag: tag.to_owned(),
        variants: variants
            .iter()
            .map(|(tag, ty)| ((*tag).to_owned(), (*ty).to_owned()))
            .collect(),
        closed: random.chance(50),
    }
}

fn table(out: &mut String, keys: &[(&'static str, String)]) {
    for (key, value) in keys {
        let _ = writeln!(out, "{key} = {value}");
    }
}

impl Type {
    fn toml(&self, out: &mut String) {
        let _ = writeln!(out, "[types.{}]", self.name);
        if let Some(doc) = &self.doc {
            let _ = writeln!(out, "doc = {}", quoted(doc));
        }
        if !self.reserved.is_empty() {
            let _ = writeln!(out, "reserved = {}", list(&self.reserved));
        }
        match &self.kind {
            Kind::Struct(fields) => {
                let _ = writeln!(out, "[types.{}.fields]", self.name);
                fields.iter().for_each(|field| out.push_str(&field.toml()));
            }
            Kind::Enum { values, closed } => {
                let _ = writeln!(out, "enum = {}\nclosed = {closed}", list(values));
            }
            Kind::Union {
                tag,
                variants,
                closed,
            } => {
                let _ = writeln!(
                    out,
                    "tag = {}\nclosed = {closed}\n[types.{}.union]",
                    quoted(tag),
                    self.name
                );
                for (tag, ty) in variants {
                    let _ = writeln!(out, "{tag} = {}", quoted(ty));
                }
            }
            Kind::Scalar { ty, keys } => {
                let _ = writeln!(out, "type = {}", quoted(ty));
                table(out, keys);
            }
        }
    }
}
