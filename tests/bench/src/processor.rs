//! Time of processors that a running process has taken so far: the server's, a peer's, our own.

use std::fs;

/// Seconds, of all threads that the process has.
///
/// # Panics
/// Where there is no `/proc` with the kernel's account of each thread: on anything but Linux.
#[must_use]
pub fn seconds(pid: u32) -> f64 {
    let threads = format!("/proc/{pid}/task");
    let threads = fs::read_dir(&threads).unwrap_or_else(|error| panic!("{threads}: {error}"));
    let nanoseconds = threads.flatten().filter_map(|thread| {
        // A thread that has just ended is none any more.
        let account = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        account.split(' ').next()?.parse::<u64>().ok()
    });
    nanoseconds.sum::<u64>() as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    #[test]
    fn a_busy_process_takes_time_and_an_idle_one_hardly_any() {
        let me = std::process::id();
        let before = super::seconds(me);
        let began = Instant::now();
        while super::seconds(me) < before + 0.05 {
            assert!(began.elapsed() < Duration::from_secs(60));
        }
    }
}
