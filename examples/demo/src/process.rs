//! One process of the organisation: started, told to stop, and asked for its report. Never left behind.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use event_runtime::serde_json::{self, Value};
use tally::Report;

use crate::polyglot::Heard;

/// What a process said at its end.
pub struct Ended {
    /// Its counts.
    pub report: Report,
    /// Whom it heard, where it takes part in the exchange of the languages.
    pub heard: Option<Heard>,
}

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
        let mut command = Command::new(program);
        command.args(arguments);
        Self::spawn(name, command, environment)
    }

    /// Starts any program under a name for messages.
    pub fn spawn(
        name: &str,
        mut command: Command,
        environment: &[(&str, String)],
    ) -> Result<Self, String> {
        let child = command
            .envs(environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| {
                format!(
                    "{}: {error}; run examples/demo.sh, which builds it",
                    command.get_program().display()
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

    /// Waits for the end of one that says nothing.
    pub fn wait(mut self) -> Result<(), String> {
        self.output().map(|_| ())
    }

    /// Waits for its end and reads its report, the last line that it printed.
    pub fn finish(mut self) -> Result<Ended, String> {
        let text = self.output()?;
        let line = text.lines().last().unwrap_or_default();
        let read = |line| {
            let mut all: Value = serde_json::from_str(line)?;
            let heard = all.get_mut("heard").map(Value::take);
            Ok(Ended {
                heard: heard.map(serde_json::from_value).transpose()?,
                report: serde_json::from_value(all)?,
            })
        };
        read(line).map_err(|error: serde_json::Error| {
            format!("{}: no report in {line:?}: {error}", self.name)
        })
    }

    fn output(&mut self) -> Result<String, String> {
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
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
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
