//! Structs of the required members of another struct: `required_members!`.

/// Defines the struct of a struct's required members, in a module below it, and the conversion.
///
/// The optional members come in the second braces; they have the value of their `Default`.
///
/// # Examples
///
/// ```
/// mod parcels {
///     #[derive(Debug, PartialEq)]
///     pub struct Parcel {
///         pub id: u64,
///         pub note: Option<String>,
///     }
///     pub mod required {
///         event_wire::required_members!(Parcel { id: u64 } { note });
///     }
/// }
/// use parcels::{Parcel, required};
///
/// let parcel = Parcel { note: Some("fragile".to_owned()), ..required::Parcel { id: 7 }.into() };
/// assert_eq!(parcel, Parcel { id: 7, note: Some("fragile".to_owned()) });
/// ```
#[macro_export]
macro_rules! required_members {
    ($name:ident { $($field:ident: $ty:ty),* $(,)? } { $($absent:ident),* $(,)? }) => {
        #[doc = ::core::concat!("The required members of [`", ::core::stringify!($name), "`](super::", ::core::stringify!($name), ").")]
        #[allow(missing_debug_implementations, missing_docs)]
        pub struct $name {
            $(pub $field: $ty,)*
        }
        impl ::core::convert::From<$name> for super::$name {
            fn from(required: $name) -> Self {
                Self {
                    $($field: required.$field,)*
                    $($absent: ::core::default::Default::default(),)*
                }
            }
        }
    };
}
