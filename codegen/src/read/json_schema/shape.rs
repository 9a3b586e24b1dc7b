//! What a schema comes down to: shapes that a Rust type, and a schema of the export dialect, can have. Plain data.

/// A value's shape.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SchemaShape {
    /// Any JSON value.
    Any,
    /// Nothing but `null`.
    Null,
    /// A truth value; `only` is the one that is allowed.
    Bool {
        only: Option<bool>,
    },
    Integer(Integer),
    Number(Number),
    Text(Text),
    List {
        item: Box<SchemaShape>,
        count: Count,
    },
    /// A list of a fixed length.
    Tuple(Vec<SchemaShape>),
    Map {
        value: Box<SchemaShape>,
        count: Count,
    },
    /// `null`, or this.
    Nullable(Box<SchemaShape>),
    /// The definition of this index.
    Named(usize),
}

impl SchemaShape {
    /// This, or `null`.
    pub fn or_null(self) -> Self {
        match self {
            Self::Any | Self::Null | Self::Nullable(_) => self,
            other => Self::Nullable(Box::new(other)),
        }
    }
}

/// An integer. Bounds are inclusive.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Integer {
    pub width: Width,
    pub min: Option<i128>,
    pub max: Option<i128>,
    /// Divisor of the value.
    pub step: Option<i128>,
    /// The values that are allowed, when the schema lists them.
    pub only: Option<Vec<i128>>,
}

/// The Rust type of an integer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Width {
    I32,
    U32,
    #[default]
    I64,
    U64,
    /// 64 bits with a sign, as a number or as text: the schema does not say, and such peers send either.
    Loose,
}

impl Width {
    pub fn range(self) -> (i128, i128) {
        match self {
            Self::I32 => (i128::from(i32::MIN), i128::from(i32::MAX)),
            Self::U32 => (0, i128::from(u32::MAX)),
            Self::I64 | Self::Loose => (i128::from(i64::MIN), i128::from(i64::MAX)),
            Self::U64 => (0, i128::from(u64::MAX)),
        }
    }
}

/// A number with its bounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Number {
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub above: Option<f64>,
    pub below: Option<f64>,
    /// The values that are allowed, when the schema lists them.
    pub only: Option<Vec<f64>>,
}

/// A text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Text {
    pub format: Option<Format>,
    pub min: Option<u64>,
    pub max: Option<u64>,
    /// In the order of the schema; each must be found.
    pub patterns: Vec<String>,
}

/// A text that has a Rust type of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Uuid,
    Timestamp,
    Date,
}

/// Bounds of the number of elements of a list or map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub min: Option<u64>,
    pub max: Option<u64>,
}

/// A type with a name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Def {
    /// Name in references: unique among all schemas of a folder.
    pub name: String,
    /// Its Rust identifier, unique in its module.
    pub ident: String,
    /// The file that its module is named after, by its number in the store.
    pub home: u32,
    pub doc: Option<String>,
    pub kind: Kind,
    /// Constraints on the members of a struct together.
    pub whole: Whole,
}

/// Constraints on an object as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Whole {
    /// Bounds of the number of members, those in `extra` included.
    pub count: Count,
    /// All members of at least one of these lists must be there. Empty when nothing is demanded.
    pub any_of: Vec<Vec<String>>,
    /// The tag of the union that the struct is a variant of: no field, and counted as a member.
    pub tag: Option<String>,
}

/// Kind of a named type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Struct {
        fields: Vec<Field>,
        /// The values under all other names.
        extra: Option<SchemaShape>,
    },
    /// One of some texts.
    Enum(Vec<Value>),
    /// One of some shapes.
    Union {
        by: By,
        variants: Vec<Variant>,
    },
    Alias(SchemaShape),
}

/// Rule by which a reader finds the variant of a union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// By the text of this member, which the variants' structs do not have.
    Tag(String),
    /// By the kind of the value: no two variants are of one.
    Kind,
    /// The first that takes the object, with all that is demanded of it. Each keeps what only others know, unless it says
    /// that there can be nothing else.
    Fit,
}

/// A property.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub wire: String,
    pub ident: String,
    pub doc: Option<String>,
    pub required: bool,
    pub shape: SchemaShape,
}

/// A text of an enum.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    pub wire: String,
    pub ident: String,
}

/// A variant of a union.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Variant {
    /// The tag's text, when there is a tag.
    pub wire: Option<String>,
    pub ident: String,
    pub shape: SchemaShape,
}
