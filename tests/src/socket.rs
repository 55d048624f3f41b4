//! Sends one HTTP/1.1 request on a new connection and reads the reply.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Reply;

/// Sends a request and reads the reply to its end.
pub(crate) async fn send(address: SocketAddr, mut parts: Parts, body: &Bytes) -> Reply {
    parts.headers.entry(HOST).or_insert_with(|| HeaderValue::try_from(address.to_string()).expect("ASCII"));
    parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    if !body.is_empty() {
        parts.headers.insert(CONTENT_LENGTH, body.len().into());
    }
    let exchange = async {
        let (mut reader, mut writer) = TcpStream::connect(address).await.expect("it listens").into_split();
        let mut request = head(&parts);
        request.extend_from_slice(body);
        let mut reply = Vec::new();
        // A server that rejects a body may close before all of it is sent.
        let (_, read) = tokio::join!(writer.write_all(&request), reader.read_to_end(&mut reply));
        read.expect("a reply that ends");
        reply
    };
    let reply = tokio::time::timeout(HANG, exchange).await.expect("a reply in time");
    read(&reply, parts.method == http::Method::HEAD)
}

fn head(parts: &Parts) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\n", parts.method, parts.uri).into_bytes();
    for (name, value) in &parts.headers {
        for piece in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(piece);
        }
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn read(reply: &[u8], is_head: bool) -> Reply {
    let text = String::from_utf8_lossy(reply);
    let end = text.find("\r\n\r\n").unwrap_or_else(|| panic!("no head: {text}"));
    let mut lines = text[..end].split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
    let status: StatusCode = status.unwrap_or_else(|| panic!("no status: {text}"));
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("no header: {line}"));
        let name = HeaderName::try_from(name).expect("a header's name");
        headers.append(name, HeaderValue::try_from(value).expect("a header's value"));
    }
    let body = Bytes::copy_from_slice(&reply[end + 4..]);
    let length = headers.get(CONTENT_LENGTH).map(|length| length.to_str().expect("digits").to_owned());
    if !is_head && let Some(length) = length {
        assert_eq!(length, body.len().to_string(), "the body does not have its declared length: {text}");
    }
    Reply { status, headers, body }
}

/// The time after which a test fails instead of hanging.
const HANG: Duration = Duration::from_secs(30);
