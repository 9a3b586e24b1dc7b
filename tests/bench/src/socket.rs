//! The least that a client can be: a socket that asks, acknowledges or publishes, and reads no more of an answer than where it ends.
//!
//! No event, no header, no library, one thread, one write for all that was read at once. Nobody gets more out of the server on the
//! same machine, whatever their client is written in: it is the ceiling under which the ratios between clients are found.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How many messages are asked for at once, and as many again once half of them are there.
const BATCH: u64 = 512;
/// A server that says nothing for so long will not say anything any more.
const PATIENCE: Duration = Duration::from_secs(10);
const INBOX: &str = "_INBOX.socket";

/// A connection.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    /// What was read and not looked at.
    input: Vec<u8>,
    /// What goes out with the next write.
    output: Vec<u8>,
}

impl Socket {
    /// Connects to a server without a password, and subscribes to its inbox.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let hello = r#"CONNECT {"verbose":false,"pedantic":false,"headers":true}"#;
        Ok(Self {
            stream,
            input: Vec::new(),
            output: format!("{hello}\r\nSUB {INBOX} 1\r\n").into_bytes(),
        })
    }

    /// Acknowledges so many messages of a durable, and reads none of them. Events per second, from the first to the last.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn handle(&mut self, stream: &str, durable: &str, events: u64) -> io::Result<f64> {
        let ask = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}");
        let (mut asked, mut seen, mut began) = (0, 0, None);
        while seen < events {
            while asked < seen + BATCH / 2 {
                asked += BATCH;
                self.publish_to(&ask, Some(INBOX), &format!(r#"{{"batch":{BATCH}}}"#));
            }
            self.turn(|socket, reply| {
                began.get_or_insert_with(Instant::now);
                if let Some(reply) = reply.filter(|_| seen < events) {
                    seen += 1;
                    socket.extend_from_slice(b"PUB ");
                    socket.extend_from_slice(reply);
                    socket.extend_from_slice(b" 0\r\n\r\n");
                }
            })?;
        }
        self.stream.write_all(&std::mem::take(&mut self.output))?;
        Ok(rate(events, began))
    }

    /// Publishes so many empty messages, `window` of them at once, each acknowledged by its stream. Events per second.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn publish(&mut self, subject: &str, events: u64, window: u64) -> io::Result<f64> {
        let message = format!("PUB {subject} {INBOX} 0\r\n\r\n").into_bytes();
        let began = Some(Instant::now());
        let (mut sent, mut seen) = (window.min(events), 0);
        for _ in 0..sent {
            self.output.extend_from_slice(&message);
        }
        while seen < events {
            self.turn(|output, _| {
                seen += 1;
                if sent < events {
                    sent += 1;
                    output.extend_from_slice(&message);
                }
            })?;
        }
        Ok(rate(events, began))
    }

    fn publish_to(&mut self, subject: &str, reply: Option<&str>, body: &str) {
        let reply = reply.unwrap_or_default();
        let text = format!("PUB {subject} {reply} {}\r\n{body}\r\n", body.len());
        self.output.extend_from_slice(text.as_bytes());
    }

    /// Writes what there is to write, waits for something, and shows each message that has come: where it is to be acknowledged.
    fn turn(&mut self, mut message: impl FnMut(&mut Vec<u8>, Option<&[u8]>)) -> io::Result<()> {
        self.stream.write_all(&self.output)?;
        self.output.clear();
        let before = self.input.len();
        self.input.resize(before + 256 * 1_024, 0);
        let read = self.stream.read(&mut self.input[before..])?;
        self.input.truncate(before + read);
        if read == 0 {
            return Err(io::Error::other("the server has closed the connection"));
        }
        let mut rest = &self.input[..];
        while let Some(end) = rest.windows(2).position(|end| end == b"\r\n") {
            let (line, behind) = (&rest[..end], &rest[end + 2..]);
            if !(line.starts_with(b"MSG ") || line.starts_with(b"HMSG ")) {
                if line == b"PING" {
                    self.output.extend_from_slice(b"PONG\r\n");
                } else if line.starts_with(b"-ERR") {
                    return Err(io::Error::other(String::from_utf8_lossy(line)));
                }
                rest = behind;
                continue;
            }
            let words: Vec<&[u8]> = line.split(|b| *b == b' ').collect();
            let length = words.last().and_then(|word| str::from_utf8(word).ok());
            let length: usize = length
                .and_then(|length| length.parse().ok())
                .ok_or_else(|| io::Error::other(String::from_utf8_lossy(line)))?;
            let Some(next) = behind.get(length + 2..) else {
                break;
            };
            match (line.starts_with(b"H"), &words[..]) {
                (false, [_, _, _, reply, _]) | (true, [_, _, _, reply, _, _]) => {
                    message(&mut self.output, Some(reply));
                }
                (false, _) => message(&mut self.output, None),
                // Headers alone: a request for messages has ended.
                (true, _) => {}
            }
            rest = next;
        }
        let done = self.input.len() - rest.len();
        self.input.drain(..done);
        Ok(())
    }
}

fn rate(events: u64, began: Option<Instant>) -> f64 {
    let took = began.map(|began| began.elapsed()).unwrap_or_default();
    events as f64 / took.as_secs_f64()
}
