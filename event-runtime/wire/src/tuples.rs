//! Tuples of a struct's fields: what the readers (`fields`) and the writers (`members`) share.

/// The first fields of a struct that has more than a tuple holds, and the others.
#[derive(Debug)]
pub struct Then<A, B>(pub A, pub B);

/// Calls a macro for each tuple that `wire_struct!` makes: of up to sixteen fields, each with its place and a type parameter.
macro_rules! tuples {
    ($macro:ident) => {
        crate::tuples::tuples!(@ $macro [] 0 T0, 1 T1, 2 T2, 3 T3, 4 T4, 5 T5, 6 T6, 7 T7, 8 T8, 9 T9, 10 T10, 11 T11, 12 T12, 13 T13, 14 T14, 15 T15,);
    };
    (@ $macro:ident [$($done:tt)*]) => {
        $macro!($($done)*);
    };
    (@ $macro:ident [] $at:tt $slot:ident, $($rest:tt)*) => {
        $macro!();
        crate::tuples::tuples!(@ $macro [$at $slot] $($rest)*);
    };
    (@ $macro:ident [$($done:tt)+] $at:tt $slot:ident, $($rest:tt)*) => {
        $macro!($($done)+);
        crate::tuples::tuples!(@ $macro [$($done)+, $at $slot] $($rest)*);
    };
}
pub(crate) use tuples;
