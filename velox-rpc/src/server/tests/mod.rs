//! Tests of the server over real sockets, with a test service. Deadlines are a few hundred
//! milliseconds. Every wait has a bound that only a server that hangs can reach.

mod closing;
mod http1;
mod http2;
mod leaving;
mod limits;
mod listeners;
mod shutdown;
mod slow;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Method, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tower_service::Service;

use crate::error::BoxError;
use crate::service::{Body, BodyTimeout, BoxedService};

use super::accept::serve;
use super::answer::Hosted;
use super::conn::Host;
use super::limits::Limits;
use super::shutdown::{Shutdown, Until};

/// This is far above every deadline of the tests, so only a server that hangs reaches it.
const HANG: Duration = Duration::from_secs(20);

/// The deadline under test.
const SHORT: Duration = Duration::from_millis(300);

/// The value of all other deadlines, so that only the one under test can be the cause.
const LONG: Duration = Duration::from_secs(600);

fn long() -> Limits {
    Limits { header: LONG, body: LONG, handler: LONG, write: LONG, idle: LONG, shutdown: LONG, ..Limits::default() }
}

/// The test service. `/wait` waits until it is released, `/stream` sends one piece and does not
/// end, `/echo` reads its body, `/ignore` does not, `/large` replies with more than any socket
/// buffers, and `/panic` panics.
#[derive(Clone)]
struct Paths {
    /// Counts requests that have reached `/wait`.
    reached: Arc<Semaphore>,
    /// Releases them.
    go: Arc<Semaphore>,
    /// Counts requests that have waited to the end.
    done: Arc<Semaphore>,
    /// Counts requests and streams that were dropped before the end.
    dropped: Arc<Semaphore>,
}

/// Adds a permit when it is dropped.
struct Dropped(Arc<Semaphore>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

impl Paths {
    async fn answer(self, request: Request<Body>) -> Response<Body> {
        match (request.method(), request.uri().path()) {
            (_, "/wait") => {
                let dropped = Dropped(self.dropped);
                self.reached.add_permits(1);
                self.go.acquire().await.expect("never closed").forget();
                self.done.add_permits(1);
                std::mem::forget(dropped);
                reply(StatusCode::OK, "waited")
            }
            (&Method::POST, "/echo") => match request.into_body().collect().await {
                Ok(body) => reply(StatusCode::OK, body.to_bytes()),
                Err(error) if error.is::<BodyTimeout>() => reply(StatusCode::REQUEST_TIMEOUT, "late"),
                Err(_) => reply(StatusCode::BAD_REQUEST, "broken"),
            },
            (_, "/stream") => {
                let dropped = Dropped(self.dropped);
                self.reached.add_permits(1);
                let first = futures_util::stream::iter([Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"first")))]);
                let rest = futures_util::stream::poll_fn(move |_| {
                    let _ = &dropped;
                    Poll::Pending
                });
                Response::new(Body::new(StreamBody::new(first.chain(rest))))
            }
            (_, "/large") => reply(StatusCode::OK, vec![b'x'; LARGE]),
            (_, "/ignore") => reply(StatusCode::PAYLOAD_TOO_LARGE, "ignored"),
            (_, "/panic") => panic!("on purpose"),
            (_, path) => reply(StatusCode::OK, path.to_owned()),
        }
    }
}

impl Service<Request<Body>> for Paths {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let paths = self.clone();
        Box::pin(async move { Ok(paths.answer(request).await) })
    }
}

const LARGE: usize = 32 * 1024 * 1024;

fn reply(status: StatusCode, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::from(body.into()));
    *response.status_mut() = status;
    response
}

/// A running server.
struct Running {
    address: SocketAddr,
    paths: Paths,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Shutdown>,
}

impl Running {
    async fn start(limits: Limits) -> Self {
        Self::serve(limits, |paths| Hosted::Boxed(BoxedService::new(paths.clone()))).await
    }

    async fn serve(limits: Limits, hosted: impl FnOnce(&Paths) -> Hosted) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let none = || Arc::new(Semaphore::new(0));
        let paths = Paths { reached: none(), go: none(), done: none(), dropped: none() };
        let hosted = hosted(&paths);
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(Box::new(listener), Host::new(hosted, limits, None), Until(Some(stopped))));
        Self { address, paths, stop, task }
    }

    async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.expect("the server listens"))
    }

    /// Waits until this many requests have reached `/wait`.
    async fn reached(&self, requests: u32) {
        count(&self.paths.reached, requests).await;
    }

    /// Waits until this many of them have ended.
    async fn done(&self, requests: u32) {
        count(&self.paths.done, requests).await;
    }

    /// Waits until this many of them were dropped.
    async fn dropped(&self, requests: u32) {
        count(&self.paths.dropped, requests).await;
    }

    fn let_go(&self, requests: usize) {
        self.paths.go.add_permits(requests);
    }

    /// Tells the server to stop, and returns the task to wait for.
    fn stop(self) -> JoinHandle<Shutdown> {
        self.stop.send(()).expect("the server runs");
        self.task
    }
}

async fn count(requests: &Semaphore, wanted: u32) {
    timeout(HANG, requests.acquire_many(wanted)).await.expect("they come in time").expect("never closed").forget();
}

async fn ended(task: JoinHandle<Shutdown>) -> Shutdown {
    timeout(HANG, task).await.expect("the shutdown ends").expect("no panic")
}

/// A client that sends raw bytes.
struct Client(TcpStream);

impl Client {
    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.expect("the server reads");
    }

    async fn get(&mut self, path: &str) {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n")).await;
    }

    /// Reads one reply that has a `content-length`.
    async fn reply(&mut self) -> String {
        let mut reply = Vec::new();
        let read = async {
            loop {
                let byte = self.0.read_u8().await.expect("a reply");
                reply.push(byte);
                if reply.ends_with(b"\r\n\r\n") {
                    break;
                }
            }
            let head = String::from_utf8_lossy(&reply).into_owned();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |n| n.parse().expect("a number"));
            let mut body = vec![0; length];
            self.0.read_exact(&mut body).await.expect("the whole body");
            reply.extend(body);
        };
        timeout(HANG, read).await.expect("a reply comes");
        String::from_utf8(reply).expect("text")
    }

    /// Reads until the server closes the connection. A reset counts as closing.
    async fn until_closed(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = timeout(HANG, self.0.read_to_end(&mut bytes)).await.expect("the server closes");
        bytes
    }

    async fn text_until_closed(&mut self) -> String {
        String::from_utf8_lossy(&self.until_closed().await).into_owned()
    }

    /// Checks that the connection is usable.
    async fn works(&mut self) {
        self.get("/fine").await;
        assert!(self.reply().await.ends_with("/fine"));
    }
}

/// Checks that a wait took at least the deadline. It may take longer, because a slow machine is not
/// a failure.
struct Clock(Instant);

impl Clock {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn at_least(&self, deadline: Duration) {
        assert!(self.0.elapsed() >= deadline, "closed too early: after {:?}", self.0.elapsed());
    }
}
