//! A browser for tests, with or without a socket. It keeps cookies as browsers do, and panics on a
//! reply that misuses them.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE, VARY};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;
use serde_json::Value;
use velox_rpc::App;
use velox_rpc::service::AppService;
use velox_session::clock::{Clock, ManualClock, SystemClock};

use crate::{Client, Reply, get, json};

/// A client with cookies. They expire by a clock that is set by hand, or by the system clock.
#[derive(Debug, Clone)]
pub struct Browser {
    client: Client,
    clock: Option<ManualClock>,
    jar: Vec<Cookie>,
}

/// A cookie as a browser keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// The path under which it is sent.
    pub path: String,
    /// Its `Max-Age` in seconds, or `u64::MAX` for a cookie that lasts until the browser is closed.
    pub max_age: u64,
    /// When it expires, in Unix milliseconds.
    pub expires_at: u64,
    /// The attributes after the age and the path, in the order of the header.
    pub flags: Vec<String>,
}

impl Browser {
    /// Makes a browser without cookies for an application. In addition to the headers of every
    /// reply it expects `Set-Cookie`, `Cache-Control` and `Vary`.
    pub fn of<S: Send + Sync + 'static>(app: App<S>, clock: ManualClock) -> Self {
        Self::with(Client::of(app), Some(clock))
    }

    /// Makes a browser without cookies for the server at this address.
    pub fn at(address: SocketAddr) -> Self {
        Self::with(Client::at(address), None)
    }

    fn with(client: Client, clock: Option<ManualClock>) -> Self {
        let client = client.expecting("set-cookie").expecting("cache-control").expecting("vary");
        Self { client, clock, jar: Vec::new() }
    }

    fn now(&self) -> u64 {
        self.clock.as_ref().map_or_else(|| SystemClock.now(), Clock::now)
    }

    /// Returns another browser, without cookies.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { jar: Vec::new(), ..self.clone() }
    }

    /// Returns the service that this browser calls.
    pub fn service(&self) -> &AppService {
        self.client.service()
    }

    /// Sends a GET request.
    pub async fn get(&mut self, target: &str) -> Reply {
        self.send(get(target)).await
    }

    /// Sends JSON in a POST request.
    pub async fn post(&mut self, target: &str, body: Value) -> Reply {
        self.send(json(Method::POST, target, body.to_string())).await
    }

    /// Sends a request with the cookies of its path, and keeps the cookies of the reply.
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> Reply {
        let reply = self.start(request).await;
        self.keep(&reply);
        reply
    }

    /// Sends a request with the cookies of its path, for concurrent requests. Pass the reply to
    /// [`keep`](Self::keep).
    pub fn start(&self, mut request: Request<Full<Bytes>>) -> impl Future<Output = Reply> + 'static + use<> {
        if let Some(cookies) = self.header(request.uri().path()) {
            request.headers_mut().insert(COOKIE, cookies);
        }
        let client = self.client.clone();
        async move {
            let reply = client.send(request).await;
            check(&reply);
            reply
        }
    }

    /// Sends a GET request with the present cookies.
    pub fn start_get(&self, target: &str) -> impl Future<Output = Reply> + 'static + use<> {
        self.start(get(target))
    }

    /// Sends a POST request with the present cookies.
    pub fn start_post(&self, target: &str, body: &Value) -> impl Future<Output = Reply> + 'static + use<> {
        self.start(json(Method::POST, target, body.to_string()))
    }

    /// Keeps the cookies of a reply.
    pub fn keep(&mut self, reply: &Reply) {
        for cookie in cookies_of(reply, self.now()) {
            // To remove a cookie, the header must have its name, path and flags. Otherwise a
            // browser keeps it.
            if cookie.max_age == 0
                && let Some(there) =
                    self.jar.iter().find(|there| there.name == cookie.name && there.path == cookie.path)
            {
                let flags: Vec<_> = cookie.flags.iter().filter(|flag| !flag.starts_with("Expires=")).collect();
                assert_eq!(flags, there.flags.iter().collect::<Vec<_>>(), "{reply:?}");
            }
            self.jar.retain(|there| (&there.name, &there.path) != (&cookie.name, &cookie.path));
            if cookie.max_age > 0 {
                self.jar.push(cookie);
            }
        }
    }

    /// Returns the cookie of this name, unless it has expired.
    pub fn cookie(&self, name: &str) -> Option<&Cookie> {
        self.jar.iter().find(|cookie| cookie.name == name && cookie.expires_at > self.now())
    }

    /// Returns the value of the cookie of this name.
    ///
    /// # Panics
    ///
    /// Panics if no such cookie exists.
    pub fn value(&self, name: &str) -> String {
        self.cookie(name).unwrap_or_else(|| panic!("no cookie `{name}`: {:?}", self.jar)).value.clone()
    }

    /// Adds a cookie that is sent to every path and never expires. It replaces cookies of the same
    /// name.
    pub fn plant(&mut self, name: &str, value: &str) {
        self.jar.retain(|cookie| cookie.name != name);
        self.jar.push(Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            path: "/".to_owned(),
            max_age: u64::MAX,
            expires_at: u64::MAX,
            flags: ["HttpOnly", "SameSite=Lax"].map(str::to_owned).to_vec(),
        });
    }

    fn header(&self, path: &str) -> Option<HeaderValue> {
        let now = self.now();
        let below = |cookie: &&Cookie| {
            path.strip_prefix(cookie.path.trim_end_matches('/'))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let live = self.jar.iter().filter(below).filter(|cookie| cookie.expires_at > now);
        let pairs: Vec<_> = live.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| HeaderValue::try_from(pairs.join("; ")).expect("header text"))
    }
}

/// Returns the value of a cookie with a wrong signature, by changing the first character of the
/// signature. (The last character only has 16 valid values.)
pub fn forged(value: &str) -> String {
    let other = if value.as_bytes()[44] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", &value[..44], &value[45..])
}

/// Checks what holds for the cookies of every reply.
fn check(reply: &Reply) {
    let mut names: Vec<_> = cookies_of(reply, 0).into_iter().map(|cookie| cookie.name).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "two cookies with the same name: {reply:?}");
    if all > 0 {
        assert!(reply.headers.contains_key(CACHE_CONTROL), "a cache may store this cookie: {reply:?}");
        assert!(reply.headers.contains_key(VARY), "`Vary` is missing beside the cookie: {reply:?}");
    }
    if reply.status == StatusCode::SERVICE_UNAVAILABLE {
        assert_eq!(all, 0, "a cookie although the store failed: {reply:?}");
    }
}

fn cookies_of(reply: &Reply, now: u64) -> Vec<Cookie> {
    reply.headers.get_all(SET_COOKIE).iter().map(|line| cookie(line.to_str().expect("visible ASCII"), now)).collect()
}

/// Parses a `Set-Cookie` line, more strictly than a browser.
fn cookie(line: &str, now: u64) -> Cookie {
    let mut parts = line.split("; ");
    let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a name and a value");
    let (mut max_age, mut path, mut flags) = (None, None, Vec::new());
    for part in parts {
        match part.split_once('=') {
            Some(("Max-Age", seconds)) => max_age = seconds.parse::<u64>().ok(),
            Some(("Path", text)) => path = Some(text.to_owned()),
            Some(("Domain" | "SameSite" | "Expires", _)) => flags.push(part.to_owned()),
            _ if ["HttpOnly", "Secure", "Partitioned"].contains(&part) => flags.push(part.to_owned()),
            _ => panic!("`{part}` is not a cookie attribute: {line}"),
        }
    }
    let path = path.unwrap_or_else(|| panic!("no path: {line}"));
    assert!(max_age.is_some() || !line.contains("; Expires="), "`Expires` without `Max-Age`: {line}");
    let max_age = max_age.unwrap_or(u64::MAX);
    if name.starts_with("__Host-") {
        let plain = path == "/" && !flags.iter().any(|flag| flag.starts_with("Domain="));
        assert!(plain && flags.iter().any(|flag| flag == "Secure"), "browsers refuse this cookie: {line}");
    }
    let is_whole = !flags.iter().any(|flag| flag == "Partitioned");
    assert!(is_whole || flags.iter().any(|flag| flag == "Secure"), "browsers refuse this cookie: {line}");
    let expires_at = now.saturating_add(max_age.saturating_mul(1_000));
    Cookie { name: name.to_owned(), value: value.to_owned(), path, max_age, expires_at, flags }
}
