//! What one event costs exactly: instructions and allocations, counted by callgrind and therefore the same on every machine.
//!
//! `cost` measures everything: it runs itself under valgrind, `cost measure MODE ours|plain N`, with two values of N. Of their
//! difference nothing is left of a start, and of what happens once. Only what runs within [`measured`] is counted.

mod callgrind;
mod deliver;
mod publish;

use callgrind::Mode;

/// What is measured: a line of the report each.
fn modes() -> Vec<Mode> {
    [publish::MODES, deliver::MODES].concat()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => modes().iter().for_each(Mode::compare),
        ["measure", mode, side @ ("ours" | "plain"), n] => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            let n = n.parse().expect("a number of events");
            let mode = modes().into_iter().find(|known| known.name == mode);
            let mode = mode.expect("a mode that there is");
            (mode.run)(&runtime, side == "ours", n);
        }
        // One mode only, by its name.
        [name] => modes()
            .iter()
            .filter(|mode| mode.name == name)
            .for_each(Mode::compare),
        _ => panic!("cost, cost MODE, or cost measure MODE ours|plain N"),
    }
}

/// The part of a run that counts. Callgrind knows it by its name.
#[inline(never)]
fn measured<T>(runtime: &tokio::runtime::Runtime, work: impl Future<Output = T>) -> T {
    runtime.block_on(work)
}
