//! One process of the organisation: started, told to stop, and asked for its report. Never left behind.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use tally::Report;

/// A running service. Killed when it is dropped before [`Process::finish`].
pub struct Process {
    name: String,
    child: Option<Child>,
}

impl Process {
    /// Starts a program of the demo's own folder.
    pub fn start(
        name: &str,
        arguments: &[String],
        environment: &[(&str, String)],
    ) -> Result<Self, String> {
        let here = std::env::current_exe().map_err(|error| format!("own path: {error}"))?;
        let program = here.parent().unwrap_or(Path::new(".")).join(name);
        let child = Command::new(&program)
            .args(arguments)
            .envs(environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| {
                format!(
                    "{}: {error}; run examples/demo.sh, which builds it",
                    program.display()
                )
            })?;
        Ok(Self {
            name: name.to_owned(),
            child: Some(child),
        })
    }

    /// Asks it to stop, as an operator would.
    pub fn terminate(&self) {
        if let Some(child) = &self.child {
            let _ = Command::new("kill")
                .args(["-TERM", &child.id().to_string()])
                .status();
        }
    }

    /// Whether it has ended by itself.
    pub fn ended(&mut self) -> bool {
        self.child
            .as_mut()
            .is_none_or(|child| !matches!(child.try_wait(), Ok(None)))
    }

    /// Waits for its end and reads its report, the last line that it printed.
    pub fn finish(mut self) -> Result<Report, String> {
        let name = self.name.clone();
        let child = self
            .child
            .take()
            .ok_or_else(|| format!("{name}: not running"))?;
        let output = child
            .wait_with_output()
            .map_err(|error| format!("{name}: {error}"))?;
        if !output.status.success() {
            return Err(format!("{name}: ended with {}", output.status));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().last().unwrap_or_default();
        serde_json::from_str(line)
            .map_err(|error| format!("{name}: no report in {line:?}: {error}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
