//! Where one message ends and the next begins, in a text of JSON bodies: one on each line, or over many lines.
//!
//! Follows brackets and quotes only; what stands between them is judged by the decoder.

use std::io::{BufRead, BufReader, Read};

use crate::outcome::Failure;

/// The longest message: far more than any server takes.
const LONGEST: usize = 256 << 20;

/// Messages of a text.
pub(super) struct Frames<R> {
    input: BufReader<R>,
    line: u64,
    /// A line that was read and belongs to the next message.
    held: Option<Vec<u8>>,
}

/// One message.
pub(super) struct Frame {
    /// Its first line, from 1.
    pub(super) line: u64,
    pub(super) text: Vec<u8>,
}

/// How far into a value a text goes.
#[derive(Clone, Copy, Default)]
struct Depth {
    open: usize,
    in_text: bool,
    escaped: bool,
    /// The last byte that is no space.
    last: u8,
}

impl Depth {
    fn after(mut self, text: &[u8]) -> Self {
        for &byte in text {
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
            } else {
                match byte {
                    b'"' => self.in_text = true,
                    b'{' | b'[' => self.open += 1,
                    b'}' | b']' => self.open = self.open.saturating_sub(1),
                    _ => {}
                }
            }
            if !byte.is_ascii_whitespace() {
                self.last = byte;
            }
        }
        self
    }

    fn is_complete(self) -> bool {
        self.open == 0 && !self.in_text
    }
}

impl<R: Read> Frames<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input: BufReader::new(input),
            line: 0,
            held: None,
        }
    }

    /// Returns whether the next message has to be waited for.
    pub(super) fn is_waiting(&self) -> bool {
        self.held.is_none() && self.input.buffer().is_empty()
    }

    /// The next message; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, Failure> {
        let mut frame: Option<Frame> = None;
        let mut depth = Depth::default();
        while let Some(line) = self.line()? {
            let blank = line.iter().all(u8::is_ascii_whitespace);
            if blank && frame.is_none() {
                continue;
            }
            let whole_object =
                line.first() == Some(&b'{') && Depth::default().after(&line).is_complete();
            // A line that was cut off: what follows it could not follow it in JSON.
            let cut = depth.in_text || (whole_object && !matches!(depth.last, b'[' | b',' | b':'));
            if let Some(broken) = frame.take_if(|frame| cut || frame.text.len() > LONGEST) {
                self.line -= 1;
                self.held = Some(line);
                return Ok(Some(broken));
            }
            depth = depth.after(&line);
            let at = self.line;
            let frame = frame.get_or_insert_with(|| Frame {
                line: at,
                text: Vec::new(),
            });
            frame.text.extend_from_slice(&line);
            if depth.is_complete() {
                return Ok(Some(Frame {
                    line: frame.line,
                    text: std::mem::take(&mut frame.text),
                }));
            }
        }
        Ok(frame)
    }

    fn line(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        if let Some(held) = self.held.take() {
            self.line += 1;
            return Ok(Some(held));
        }
        let mut line = Vec::new();
        let read = self
            .input
            .by_ref()
            .take(LONGEST as u64)
            .read_until(b'\n', &mut line)
            .map_err(|error| Failure::Outside(format!("cannot read standard input: {error}")))?;
        self.line += u64::from(read > 0);
        Ok((read > 0).then_some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(text: &str) -> Vec<(u64, String)> {
        let mut frames = Frames::new(text.as_bytes());
        let mut all = Vec::new();
        while let Some(frame) = frames.next().unwrap() {
            let text = String::from_utf8(frame.text).unwrap();
            all.push((frame.line, text.split_whitespace().collect()));
        }
        all
    }

    fn of(all: &[(u64, &str)]) -> Vec<(u64, String)> {
        all.iter()
            .map(|(line, text)| (*line, (*text).to_owned()))
            .collect()
    }

    #[test]
    fn one_on_each_line_or_over_many() {
        assert_eq!(frames(""), of(&[]));
        assert_eq!(frames("\n\n"), of(&[]));
        assert_eq!(
            frames("{}\n\n{\"a\":1}"),
            of(&[(1, "{}"), (3, "{\"a\":1}")])
        );
        assert_eq!(
            frames("{\n  \"a\": \"}\\\"{\",\n  \"b\": [\n{}\n,\n{}]\n}\n{}\n"),
            of(&[(1, "{\"a\":\"}\\\"{\",\"b\":[{},{}]}"), (8, "{}")])
        );
        assert_eq!(frames("x\n7\n{}"), of(&[(1, "x"), (2, "7"), (3, "{}")]));
    }

    #[test]
    fn a_line_that_was_cut_off_takes_no_other_with_it() {
        assert_eq!(
            frames("{\"a\":\"b\n{}\n{}"),
            of(&[(1, "{\"a\":\"b"), (2, "{}"), (3, "{}")])
        );
        assert_eq!(frames("{\"a\":1\n{}\n"), of(&[(1, "{\"a\":1"), (2, "{}")]));
        assert_eq!(frames("{\"a\":"), of(&[(1, "{\"a\":")]));
        assert_eq!(frames("}\n{}\n"), of(&[(1, "}"), (2, "{}")]));
    }
}
