//! Tests mutations whose client has left, over a socket: they finish, and their session is saved.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use velox_rpc::{App, Call, Router, procedure, schema};
use velox_session::{MemoryStore, SessionMiddleware, session_middleware};
use velox_tests::{Raw, SECRET, Site};

#[schema]
struct Note {
    text: String,
}

/// An application with mutations that wait in the middle.
struct Slow {
    site: Site,
    reached: Arc<Semaphore>,
    go: Arc<Semaphore>,
}

const WHOLE: Duration = Duration::from_secs(20);

impl Slow {
    async fn start(configure: impl FnOnce(App<()>) -> App<()>) -> Self {
        Self::over(MemoryStore::new(), configure).await
    }

    async fn over(store: MemoryStore, configure: impl FnOnce(App<()>) -> App<()>) -> Self {
        let settings = session_middleware(SECRET).store(store).cookie_name("session").secure(false);
        let session: SessionMiddleware = settings.build().expect("good settings");
        let (reached, go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let (waiting, let_go) = (Arc::clone(&reached), Arc::clone(&go));
        let buy =
            procedure().use_(session.optional()).rest(Method::POST, "/buy").mutation(move |Call { ctx, .. }| {
                let (waiting, let_go) = (Arc::clone(&waiting), Arc::clone(&let_go));
                async move {
                    ctx.session.set("bought", 1)?;
                    waiting.add_permits(1);
                    let_go.acquire().await.expect("never closed").forget();
                    ctx.session.set("bought", 2)?;
                    Ok(())
                }
            });
        let bought = procedure()
            .use_(session.optional())
            .rest(Method::GET, "/bought")
            .query(|Call { ctx, .. }| Ok(ctx.session.get::<u32>("bought")?));
        let begin =
            procedure().use_(session.optional()).rest(Method::POST, "/begin").mutation(|Call { ctx, .. }| {
                ctx.session.set("bought", 0)?;
                Ok(())
            });
        let note =
            procedure().input::<Note>().rest(Method::POST, "/note").mutation(|Call { input, .. }| Ok(input.text));
        let router = Router::new("shop")
            .procedure("buy", buy)
            .procedure("bought", bought)
            .procedure("begin", begin)
            .procedure("note", note);
        let site = Site::of(configure(App::new(()).development(false).prefix("").router(router))).await;
        Self { site, reached, go }
    }

    /// The cookie of a new session.
    async fn cookie(&self) -> String {
        let (head, _) = self.site.reply("POST /begin HTTP/1.1\r\nhost: test\r\n\r\n").await;
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
        cookie.split(';').next().expect("a value").to_owned()
    }

    /// A client that has started a slow mutation.
    async fn buy(&self, cookie: &str) -> Raw {
        let mut client = self.site.connect().await;
        client.send(format!("POST /buy HTTP/1.1\r\nhost: test\r\ncookie: {cookie}\r\n\r\n")).await;
        timeout(WHOLE, self.reached.acquire()).await.expect("it begins").expect("never closed").forget();
        client
    }

    /// Waits until the session has the mutation's last write.
    async fn is_saved(&self, cookie: &str) {
        let request = format!("GET /bought HTTP/1.1\r\nhost: test\r\ncookie: {cookie}\r\n\r\n");
        let saved = async { while self.site.reply(&request).await.1 != "2" {} };
        timeout(WHOLE, saved).await.expect("the session is saved");
    }
}

#[tokio::test]
async fn a_mutation_saves_its_session_after_its_client_left() {
    let slow = Slow::start(|app| app).await;
    let cookie = slow.cookie().await;
    drop(slow.buy(&cookie).await);
    slow.go.add_permits(1);
    slow.is_saved(&cookie).await;
}

#[tokio::test]
async fn a_mutation_saves_its_session_after_its_client_left_during_a_shutdown() {
    let store = MemoryStore::new();
    let slow = Slow::over(store.clone(), |app| app).await;
    let cookie = slow.cookie().await;
    drop(slow.buy(&cookie).await);
    let Slow { site, go, .. } = slow;
    let address = site.address();
    drop(site);
    let closed = async { while TcpStream::connect(address).await.is_ok() {} };
    timeout(WHOLE, closed).await.expect("the server accepts no more clients");
    go.add_permits(1);
    Slow::over(store, |app| app).await.is_saved(&cookie).await;
}

#[tokio::test]
async fn a_mutation_that_times_out_saves_its_session() {
    let slow = Slow::start(|app| app.handler_timeout(Duration::from_millis(200))).await;
    let cookie = slow.cookie().await;
    let (head, _) = slow.buy(&cookie).await.reply().await;
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    slow.go.add_permits(1);
    slow.is_saved(&cookie).await;
}

/// Slow bodies have their own deadline.
#[tokio::test]
async fn the_time_for_reading_the_body_does_not_count() {
    let slow = Slow::start(|app| app.handler_timeout(Duration::from_millis(100))).await;
    let mut client = slow.site.connect().await;
    let head = "POST /note HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n";
    client.send(head).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    client.send(r#"{"text":"late"}"#).await;
    let (head, body) = client.reply().await;
    assert!(head.starts_with("HTTP/1.1 20") && body == "\"late\"", "{head}{body}");
}

/// The head of a streamed batch has already left, and its calls run while the body is sent.
#[tokio::test]
async fn mutations_of_a_streamed_batch_finish_after_the_client_left() {
    let slow = Slow::start(|app| app.trpc("/trpc")).await;
    let cookie = slow.cookie().await;
    let mut client = slow.site.connect().await;
    client
        .send(format!(
            "POST /trpc/shop.buy?batch=1 HTTP/1.1\r\nhost: test\r\ncookie: {cookie}\r\ntrpc-accept: application/jsonl\r\n\
             content-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
        ))
        .await;
    timeout(WHOLE, slow.reached.acquire()).await.expect("it begins").expect("never closed").forget();
    drop(client);
    slow.go.add_permits(1);
    slow.is_saved(&cookie).await;
}
