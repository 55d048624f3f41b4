//! Tests HTTP/2 with frames written by hand.

use super::*;
use crate::server::limits::STREAMS;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(super) const DATA: u8 = 0;
const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

pub(super) struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    pub(super) payload: Vec<u8>,
}

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a small frame").to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// Encodes `:method` (2 is GET, 3 is POST, as in the static table), `:scheme` http, `:authority`
/// test, and `:path`.
fn head(method: u8, path: &str) -> Vec<u8> {
    head_at(method, "test", path)
}

fn head_at(method: u8, authority: &str, path: &str) -> Vec<u8> {
    let mut block = vec![0x80 | method, 0x86, 0x01, u8::try_from(authority.len()).expect("a short host")];
    block.extend(authority.bytes());
    block.extend([0x04, u8::try_from(path.len()).expect("a short path")]);
    block.extend(path.bytes());
    block
}

pub(super) fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &head(2, path))
}

/// Makes a POST without a body.
pub(super) fn open(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &head(3, path))
}

/// Makes a SETTINGS frame from ids and values. Setting 4 is the window of each stream.
fn settings(pairs: &[(u16, u32)]) -> Vec<u8> {
    let payload: Vec<u8> =
        pairs.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
    frame(SETTINGS, 0, 0, &payload)
}

impl Running {
    pub(super) async fn connect2(&self, own: &[(u16, u32)]) -> Client {
        let mut client = self.connect().await;
        client.send(PREFACE).await;
        client.send(settings(own)).await;
        client
    }
}

impl Client {
    /// Reads a frame. Returns `None` once the server has closed the connection.
    async fn frame(&mut self) -> Option<Frame> {
        let read = async {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).await.ok()?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            self.0.read_exact(&mut payload).await.ok()?;
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            Some(Frame { kind: head[3], flags: head[4], stream, payload })
        };
        timeout(HANG, read).await.expect("the server goes on or closes")
    }

    /// Reads up to the next frame of a kind and returns it.
    pub(super) async fn next(&mut self, kind: u8) -> Frame {
        loop {
            let frame = self.frame().await.expect("a frame");
            if frame.kind == kind {
                return frame;
            }
        }
    }
}

#[tokio::test]
async fn http_2_is_served_on_the_same_port() {
    let server = Running::start(long()).await;
    let mut client = server.connect2(&[]).await;
    client.send(get(1, "/one")).await;
    assert_eq!(client.next(DATA).await.payload, b"/one");
    server.connect().await.works().await;
}

#[tokio::test]
async fn the_preface_may_come_in_pieces() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.0.set_nodelay(true).expect("a socket");
    for byte in PREFACE {
        client.send([*byte]).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    client.send(settings(&[])).await;
    client.send(get(1, "/one")).await;
    assert_eq!(client.next(DATA).await.payload, b"/one");
}

#[tokio::test]
async fn an_idle_connection_gets_a_goaway_and_is_closed_even_if_it_pings() {
    let server = Running::start(Limits { idle: SHORT, ..long() }).await;
    let mut client = server.connect2(&[]).await;
    client.send(get(1, "/one")).await;
    client.next(DATA).await;
    let clock = Clock::start();
    loop {
        if client.0.write_all(&frame(PING, 0, 0, b"01234567")).await.is_err() {
            break;
        }
        match client.frame().await {
            Some(frame) if frame.kind == GOAWAY => break,
            Some(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            None => panic!("the connection was closed silently"),
        }
    }
    clock.at_least(SHORT);
    client.until_closed().await;
}

#[tokio::test]
async fn missing_settings_count_as_a_slow_head() {
    let server = Running::start(Limits { header: SHORT, ..long() }).await;
    let mut client = server.connect().await;
    client.send(PREFACE).await;
    client.until_closed().await;
}

#[tokio::test]
async fn a_slowly_sent_head_is_closed() {
    let server = Running::start(Limits { header: SHORT, ..long() }).await;
    let mut client = server.connect2(&[]).await;
    client.send(get(1, "/one")).await;
    client.next(DATA).await;
    let clock = Clock::start();
    // The header of a frame with 200 bytes of payload.
    client.send([0, 0, 200, HEADERS, END_STREAM | END_HEADERS, 0, 0, 0, 3]).await;
    let (mut read, mut write) = client.0.into_split();
    let drip = tokio::spawn(async move {
        while write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    });
    let mut bytes = Vec::new();
    let _ = timeout(HANG, read.read_to_end(&mut bytes)).await.expect("the server closes");
    drip.abort();
    clock.at_least(SHORT);
}

#[tokio::test]
async fn a_client_that_pings_and_sends_no_request_is_closed() {
    let server = Running::start(Limits { header: SHORT, ..long() }).await;
    let mut client = server.connect2(&[]).await;
    let clock = Clock::start();
    let pings = async {
        while client.0.write_all(&frame(PING, 0, 0, b"01234567")).await.is_ok() && client.frame().await.is_some() {}
    };
    timeout(HANG, pings).await.expect("the server closes");
    clock.at_least(SHORT / 2);
}

#[tokio::test]
async fn the_header_deadline_does_not_apply_to_idle_connections_that_answer_pings() {
    let server = Running::start(Limits { header: SHORT, ..long() }).await;
    let mut client = server.connect2(&[]).await;
    client.send(get(1, "/one")).await;
    client.next(DATA).await;
    let clock = Clock::start();
    for _ in 0..3 {
        let ping = client.next(PING).await;
        client.send(frame(PING, ACK, 0, &ping.payload)).await;
    }
    clock.at_least(SHORT * 2);
    client.send(get(3, "/two")).await;
    assert_eq!(client.next(DATA).await.payload, b"/two");
}

#[tokio::test]
async fn an_unfinished_body_gets_408_and_keeps_the_connection() {
    let server = Running::start(Limits { body: SHORT, ..long() }).await;
    let mut client = server.connect2(&[]).await;
    client.send(frame(HEADERS, END_HEADERS, 1, &head(3, "/echo"))).await;
    client.send(frame(DATA, 0, 1, b"abc")).await;
    assert_eq!(client.next(DATA).await.payload, b"late");
    client.send(get(3, "/two")).await;
    let data = client.next(DATA).await;
    assert_eq!((data.stream, &data.payload[..]), (3, &b"/two"[..]));
}

#[tokio::test]
async fn a_stream_without_a_window_is_reset_and_the_connection_stays() {
    let server = Running::start(Limits { write: SHORT, ..long() }).await;
    let mut client = server.connect2(&[(4, 0)]).await;
    client.send(get(1, "/one")).await;
    let clock = Clock::start();
    let reset = client.next(RST_STREAM).await;
    assert_eq!(reset.stream, 1);
    clock.at_least(SHORT / 2);
    client.send(settings(&[(4, 65_535)])).await;
    client.send(get(3, "/two")).await;
    assert_eq!(client.next(DATA).await.payload, b"/two");
}

/// The reply is one frame, and its first byte fits the window.
#[tokio::test]
async fn a_stream_with_a_window_of_one_byte_is_reset_too() {
    let server = Running::start(Limits { write: SHORT, ..long() }).await;
    let mut client = server.connect2(&[(4, 1)]).await;
    client.send(get(1, "/large")).await;
    let clock = Clock::start();
    assert_eq!(client.next(DATA).await.payload, b"x");
    assert_eq!(client.next(RST_STREAM).await.stream, 1);
    clock.at_least(SHORT / 2);
}

#[tokio::test]
async fn a_large_reply_in_one_frame_arrives_whole() {
    let server = Running::start(long()).await;
    let window = (1 << 31) - 1;
    let mut client = server.connect2(&[(4, window)]).await;
    client.send(frame(WINDOW_UPDATE, 0, 0, &(window - 65_535).to_be_bytes())).await;
    client.send(get(1, "/large")).await;
    let mut total = 0;
    loop {
        let data = client.next(DATA).await;
        total += data.payload.len();
        if data.flags & END_STREAM != 0 {
            break;
        }
    }
    assert_eq!(total, LARGE);
}

#[tokio::test]
async fn a_slow_handler_does_not_count_as_a_stream_without_a_window() {
    let server = Running::start(Limits { write: SHORT, idle: SHORT, body: SHORT, ..long() }).await;
    let mut client = server.connect2(&[]).await;
    client.send(get(1, "/wait")).await;
    server.reached(1).await;
    tokio::time::sleep(SHORT * 3).await;
    server.let_go(1);
    assert_eq!(client.next(DATA).await.payload, b"waited");
}

#[tokio::test]
async fn rapid_resets_close_the_connection() {
    let server = Running::start(long()).await;
    let mut client = server.connect2(&[]).await;
    let mut storm = Vec::new();
    for n in 0..500 {
        storm.extend(get(2 * n + 1, "/one"));
        storm.extend(frame(RST_STREAM, 0, 2 * n + 1, &8u32.to_be_bytes()));
    }
    client.send(storm).await;
    let goaway = client.next(GOAWAY).await;
    assert_eq!(goaway.payload[4..8], 11u32.to_be_bytes(), "ENHANCE_YOUR_CALM");
    server.connect().await.works().await;
}

#[tokio::test]
async fn more_than_a_hundred_fields_are_431() {
    let server = Running::start(long()).await;
    let mut client = server.connect2(&[]).await;
    let mut block = head(2, "/one");
    for _ in 0..101 {
        block.extend([0x00, 1, b'x', 1, b'v']);
    }
    client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, &block)).await;
    let reply = client.next(HEADERS).await;
    // The status is a literal, because 431 is not in the static table.
    assert!(!reply.payload.contains(&0x88), "not 200");
    let body = String::from_utf8(client.next(DATA).await.payload).expect("text");
    assert!(body.contains("\"statusCode\":431"), "{body}");
}

#[tokio::test]
async fn a_host_that_differs_from_the_authority_is_400() {
    let server = Running::start(long()).await;
    let mut client = server.connect2(&[]).await;
    let hosts =
        [("test", true), ("TEST", true), ("test:80", true), ("test:443", false), ("evil.test", false), ("", false)];
    for ((host, agrees), stream) in hosts.into_iter().zip((1..).step_by(2)) {
        let mut block = head(2, "/one");
        // `host` without a value is 38 in the static table, which a literal names by its index.
        block.extend([0x0f, 38 - 15, u8::try_from(host.len()).expect("a short host")]);
        block.extend(host.bytes());
        client.send(frame(HEADERS, END_STREAM | END_HEADERS, stream, &block)).await;
        let body = String::from_utf8(client.next(DATA).await.payload).expect("text");
        assert!(if agrees { body == "/one" } else { body.contains("\"statusCode\":400") }, "{host}: {body}");
    }
}

#[tokio::test]
async fn an_authority_that_is_not_a_host_is_400() {
    let server = Running::start(long()).await;
    let mut client = server.connect2(&[]).await;
    for (authority, stream) in ["user@test", "test:99999"].into_iter().zip((1..).step_by(2)) {
        let block = head_at(2, authority, "/one");
        client.send(frame(HEADERS, END_STREAM | END_HEADERS, stream, &block)).await;
        let body = String::from_utf8(client.next(DATA).await.payload).expect("text");
        assert!(body.contains("\"statusCode\":400"), "{authority}: {body}");
    }
}

#[tokio::test]
async fn at_a_shutdown_streams_finish_and_idle_connections_get_a_goaway() {
    let server = Running::start(long()).await;
    let mut idle = server.connect2(&[]).await;
    idle.send(get(1, "/one")).await;
    idle.next(DATA).await;
    let mut busy = server.connect2(&[]).await;
    busy.send(get(1, "/wait")).await;
    busy.send(get(3, "/wait")).await;
    server.reached(2).await;
    let paths = server.paths.clone();
    let task = server.stop();
    // This client never acknowledges a ping, so hyper alone would never close its connection.
    idle.next(GOAWAY).await;
    idle.until_closed().await;
    busy.next(GOAWAY).await;
    paths.go.add_permits(2);
    assert_eq!(busy.next(DATA).await.payload, b"waited");
    assert_eq!(busy.next(DATA).await.payload, b"waited");
    let shutdown = ended(task).await;
    assert_eq!((shutdown.finished, shutdown.cut), (2, 0));
}

#[tokio::test]
async fn streams_are_counted_when_they_are_cut() {
    let server = Running::start(Limits { shutdown: SHORT, ..long() }).await;
    let mut client = server.connect2(&[]).await;
    for stream in [1, 3, 5] {
        client.send(get(stream, "/wait")).await;
    }
    server.reached(3).await;
    assert_eq!(ended(server.stop()).await.cut, 3);
}

#[tokio::test]
async fn a_panic_of_the_service_is_answered_and_affects_no_other_stream() {
    let server = Running::start(long()).await;
    let mut client = server.connect2(&[]).await;
    client.send(get(1, "/panic")).await;
    let body = String::from_utf8(client.next(DATA).await.payload).expect("text");
    assert!(body.contains("\"statusCode\":500"), "{body}");
    client.send(get(3, "/two")).await;
    assert_eq!(client.next(DATA).await.payload, b"/two");
}

#[tokio::test]
async fn endless_settings_are_acknowledged_or_cut_off() {
    let server = Running::start(Limits { write: SHORT, ..long() }).await;
    let mut client = server.connect2(&[]).await;
    let flood = settings(&[(4, 65_535)]).repeat(2000);
    let _ = client.0.write_all(&flood).await;
    assert_eq!(client.next(SETTINGS).await.flags & ACK, 0);
    server.connect().await.works().await;
}

#[tokio::test]
async fn every_stream_of_a_connection_can_wait_for_its_body() {
    let server = Running::start(long()).await;
    let mut client = server.connect2(&[]).await;
    let streams: Vec<u32> = (0..STREAMS).map(|number| number * 2 + 1).collect();
    for stream in &streams {
        client.send(frame(HEADERS, END_HEADERS, *stream, &head(3, "/echo"))).await;
    }
    for stream in streams {
        client.send(frame(DATA, END_STREAM, stream, b"body")).await;
        let reply = client.next(DATA).await;
        assert_eq!((reply.stream, &reply.payload[..]), (stream, &b"body"[..]));
    }
}
