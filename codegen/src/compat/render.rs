//! A report for people, scripts, GitHub's annotations and code scanners. Says what it is given in that order.

mod data;
mod human;

pub use data::{github, json, sarif};
pub use human::human;
