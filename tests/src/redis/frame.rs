//! Splits the bytes of a connection into commands or replies.

use std::io;

use tokio::io::{AsyncReadExt, ReadHalf};
use tokio::net::TcpStream;

/// One direction of a connection, read in whole commands or replies.
pub(super) struct Frames {
    stream: ReadHalf<TcpStream>,
    buffer: Vec<u8>,
}

impl Frames {
    pub(super) fn new(stream: ReadHalf<TcpStream>) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// Returns whether no bytes are buffered.
    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Returns the bytes of the next command or reply, or an error at the end of the connection.
    pub(super) async fn next(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = end(&self.buffer, 0) {
                let rest = self.buffer.split_off(end);
                return Ok(std::mem::replace(&mut self.buffer, rest));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// Returns where the value that starts at `start` ends, or `None` if it is not complete.
fn end(bytes: &[u8], start: usize) -> Option<usize> {
    let kind = *bytes.get(start)?;
    let line = bytes[start..].windows(2).position(|pair| pair == b"\r\n")? + start + 2;
    let count = || std::str::from_utf8(&bytes[start + 1..line - 2]).ok()?.parse::<i64>().ok();
    match kind {
        b'$' | b'=' | b'!' => {
            let Ok(length) = usize::try_from(count()?) else { return Some(line) };
            let end = line + length + 2;
            (bytes.len() >= end).then_some(end)
        }
        b'*' | b'~' | b'>' => (0..count()?).try_fold(line, |at, _| end(bytes, at)),
        b'%' => (0..count()? * 2).try_fold(line, |at, _| end(bytes, at)),
        _ => Some(line),
    }
}

/// Returns the name of a command in upper case.
pub(super) fn name(command: &[u8]) -> String {
    let text = String::from_utf8_lossy(command);
    text.split("\r\n").nth(2).unwrap_or_default().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_ends_where_its_lengths_say() {
        for whole in
            ["+OK\r\n", ":1\r\n", "$3\r\na\r\n\r\n", "$-1\r\n", "*2\r\n$1\r\na\r\n*1\r\n:1\r\n", "*0\r\n", "*-1\r\n"]
        {
            assert_eq!(end(format!("{whole}+NEXT\r\n").as_bytes(), 0), Some(whole.len()), "{whole}");
            for cut in 0..whole.len() {
                assert_eq!(end(&whole.as_bytes()[..cut], 0), None, "{whole} up to {cut}");
            }
        }
        assert_eq!(name(b"*2\r\n$3\r\nget\r\n$1\r\na\r\n"), "GET");
    }
}
