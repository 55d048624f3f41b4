//! Tests keys and values as a call uses them, with the memory store.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderMap;
use http::header::COOKIE;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::config::session_middleware;
use crate::manager::{CallScope, Manager};
use crate::session::{Key, KeyName, SessionError};
use crate::store::MemoryStore;
use crate::user::SessionUser;

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Item {
    name: String,
    count: u32,
}

const CART: Key<Vec<Item>> = Key::new("cart");
const THEME: Key<String> = Key::new("theme");
const COUNT: Key<u64> = Key::new("count");

fn manager() -> Manager {
    session_middleware("a development secret of 32 bytes or more")
        .store(MemoryStore::new())
        .build_manager()
        .expect("good settings")
}

async fn call() -> CallScope {
    manager().open(&HeaderMap::new()).await.expect("a visitor").call()
}

fn item(name: &str) -> Item {
    Item { name: name.to_owned(), count: 1 }
}

#[tokio::test]
async fn a_typed_key_needs_no_type_where_it_is_used() {
    let call = call().await;
    let session = call.session();
    assert!(!session.contains(CART));
    session.set(CART, vec![item("pen")]).expect("a write");
    session.set(THEME, "dark".into()).expect("a write");
    session.set(COUNT, 1).expect("a write");
    let add = |cart: Option<Vec<Item>>| cart.into_iter().flatten().chain([item("ink")]).collect();
    assert_eq!(session.update(CART, add).await.expect("a write").len(), 2);
    assert_eq!(session.update(COUNT, |count| count.unwrap_or_default() + 1).await.expect("a write"), 2);
    let cart = session.get(CART).expect("a read").unwrap_or_default();
    assert_eq!(cart.first().map(|item| item.name.as_str()), Some("pen"));
    assert_eq!(session.get(THEME).expect("a read").as_deref(), Some("dark"));
    assert!(session.contains(CART) && session.remove(CART).expect("a removal") && !session.contains(CART));
}

#[tokio::test]
async fn a_typed_key_is_the_same_as_its_text() {
    let call = call().await;
    let session = call.session();
    session.set(COUNT, 7).expect("a write");
    assert_eq!(session.get("count").expect("a read"), Some(7_u8));
    session.set("count", 8).expect("a write");
    assert_eq!(session.get(COUNT).expect("a read"), Some(8));
}

#[tokio::test]
#[expect(
    clippy::needless_borrows_for_generic_args,
    reason = "what was written when keys were a `&str` goes on compiling"
)]
async fn any_string_can_be_a_key() {
    let call = call().await;
    let session = call.session();
    let texts: (&str, String, Box<str>, Arc<str>, Cow<'_, str>) =
        ("n", "n".into(), "n".into(), "n".into(), Cow::Borrowed("n"));
    session.set(texts.0, &json!([1])).expect("a write");
    session.set(&texts.0, 1).expect("a write");
    session.set(&texts.1, "a").expect("a write");
    session.set(&COUNT, 1).expect("a write");
    session.set(&texts.2, [1, 2]).expect("a write");
    session.set(&texts.3, None::<u32>).expect("a write");
    session.set(&texts.4, 1.5).expect("a write");
    assert_eq!(session.update(texts.1, |n: Option<f64>| n.unwrap_or(0.0) * 2.0).await.expect("a write"), 3.0);
    let inferred: Option<f64> = session.get(texts.2).expect("a read");
    assert_eq!(session.get::<f64>(texts.3).expect("a read"), inferred);
    assert!(session.contains(texts.4) && session.get("n").expect("a read").unwrap_or(0.0) > 2.0);
}

#[tokio::test]
async fn a_flash_message_has_a_typed_key() {
    let manager = manager();
    let exchange = manager.open(&HeaderMap::new()).await.expect("a visitor");
    let call = exchange.call();
    call.session().flash(THEME, "dark".to_owned()).expect("a write");
    call.commit();
    let mut response = HeaderMap::new();
    manager.close(&exchange).await.expect("a save").apply(&mut response);
    let line = response["set-cookie"].to_str().expect("text");
    let cookie = line.split(';').next().expect("a cookie").parse().expect("a value");
    let later = manager.open(&HeaderMap::from_iter([(COOKIE, cookie)])).await.expect("the session").call();
    let theme = later.session().take_flash(THEME).await.expect("a read");
    assert_eq!(theme.as_deref(), Some("dark"));
}

/// Returns the error of reading a value as `T`, without the name of the type.
async fn refusal<T: DeserializeOwned>(value: Value) -> String {
    let call = call().await;
    call.session().set("k", value).expect("a write");
    let error = call.session().get::<T>("k").err().expect("a refusal");
    assert!(matches!(&error, SessionError::Decode { key, .. } if key == "k"));
    assert!(std::error::Error::source(&error).is_none() && !format!("{error:?}").contains("secret"), "{error:?}");
    let text = error.to_string();
    let text = text.strip_prefix("the value of the session key `k` is not a `").expect("the same beginning");
    text.split_once("`: ").expect("the name of the type").1.to_owned()
}

#[tokio::test]
async fn a_value_of_a_wrong_type_is_reported_with_its_kind_and_never_with_its_content() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "it is only read")]
    struct Order {
        items: Vec<Item>,
        #[serde(default)]
        notes: BTreeMap<u8, String>,
    }
    assert_eq!(refusal::<u32>(json!("secret")).await, "found a string");
    assert_eq!(refusal::<String>(json!({ "secret": 1 })).await, "found an object");
    assert_eq!(refusal::<u8>(json!(1000)).await, "found a number");
    assert_eq!(refusal::<bool>(json!(null)).await, "found null");
    assert_eq!(refusal::<(u8, u8)>(json!([1, 2, 3])).await, "found an array");
    assert_eq!(refusal::<Vec<bool>>(json!([true, "secret"])).await, "found an array");
    assert_eq!(refusal::<u8>(json!(true)).await, "found a boolean");
    assert_eq!(refusal::<Order>(json!({ "notes": {} })).await, "found an object, and the field `items` is missing");
    assert_eq!(
        refusal::<Order>(json!({ "items": [{ "name": "secret" }] })).await,
        "found an object, and the field `count` is missing"
    );
    assert_eq!(refusal::<Order>(json!({ "items": [], "secret": 1 })).await, "found an object");
    assert_eq!(refusal::<Order>(json!({ "items": [], "notes": { "secret": "a" } })).await, "found an object");
}

/// A key that cannot be a constant panics when it is created.
#[test]
fn reserved_names_cannot_be_typed_keys() {
    for name in ["userId", "userEmail", "_createdAt", "_", ""] {
        assert!(std::panic::catch_unwind(|| Key::<u32>::new(name)).is_err(), "{name:?}");
    }
    for name in ["userid", "user_id", "a_", "userEmails", " "] {
        assert_eq!(Key::<u32>::new(name).name(), name);
    }
}

#[test]
fn a_key_is_copy_send_and_debug_for_any_type() {
    #[derive(Clone, Copy)]
    struct Holder(Key<std::rc::Rc<Value>>);
    fn is_sent(_: impl Send + Sync + 'static) {}
    let holder = Holder(Key::new("n"));
    is_sent(holder.0);
    assert_eq!(format!("{:?}", holder.0), r#"Key("n")"#);
}

/// Returns the headers for a session of a user that holds some data.
async fn logged_in(manager: &Manager) -> HeaderMap {
    let exchange = manager.open(&HeaderMap::new()).await.expect("a visitor");
    let call = exchange.call();
    call.session().login(SessionUser::new("u1", "ada@example.com")).await.expect("a login");
    call.session().set("cart", 3).expect("a write");
    call.commit();
    let closing = manager.close(&exchange).await.expect("a save");
    let line = closing.set_cookie().expect("a cookie").to_str().expect("text");
    let cookie = line.split(';').next().expect("a cookie").parse().expect("a value");
    HeaderMap::from_iter([(COOKIE, cookie)])
}

#[tokio::test]
async fn the_session_of_a_deleted_user_acts_for_nobody() {
    let manager = manager();
    let (here, there) = (logged_in(&manager).await, logged_in(&manager).await);
    let exchange = manager.open(&here).await.expect("the session");
    let call = exchange.call();
    let handle = call.session().sessions().await.expect("a list")[0].handle().clone();
    let before = call.session();
    call.session().hide();
    // This holds for every handle of the call, including one from before.
    for session in [before, call.session()] {
        assert!(!session.is_logged_in() && session.user().is_none() && session.user_id().is_none() && session.is_new());
        assert!(session.id().is_none() && session.handle().is_none());
        assert!(session.sessions().await.expect("a list").is_empty());
        assert!(!session.end(&handle).await.expect("an answer"));
        session.logout_others().await.expect("nothing to do");
        assert!(!session.contains("cart") && session.data().expect("a read").is_empty());
    }
    let sees = exchange.call().session();
    call.session().logout_all().await.expect("a logout");
    assert!(!sees.is_logged_in(), "another call of the exchange sees that the session has ended");
    call.commit();
    let _closing = manager.close(&exchange).await.expect("a save");
    assert!(!manager.open(&here).await.expect("no session").call().session().is_logged_in());
    assert!(
        manager.open(&there).await.expect("the session").call().session().is_logged_in(),
        "the other session was not ended"
    );
}

#[tokio::test]
async fn a_login_with_the_session_of_a_deleted_user_begins_empty() {
    let manager = manager();
    let exchange = manager.open(&logged_in(&manager).await).await.expect("the session");
    let call = exchange.call();
    let session = call.session();
    session.hide();
    session.login(SessionUser::new("u1", "another@example.com")).await.expect("a login");
    assert_eq!(session.user().map(|user| user.email), Some("another@example.com".to_owned()));
    assert!(session.data().expect("a read").is_empty());
    // A write now goes into the new user's session, and logs nobody out.
    session.set("theme", "dark").expect("a write");
    assert_eq!((session.is_logged_in(), session.data().expect("a read").len()), (true, 1));
}

#[tokio::test]
async fn a_write_for_a_deleted_user_does_not_undo_the_login_of_another_call() {
    let manager = manager();
    let exchange = manager.open(&logged_in(&manager).await).await.expect("the session");
    let (call, other) = (exchange.call(), exchange.call());
    let session = call.session();
    session.hide();
    other.session().login(SessionUser::new("u2", "bob@example.com")).await.expect("a login");
    assert!(!session.is_logged_in(), "calls that began before are not affected");
    assert!(matches!(session.set("theme", "dark"), Err(SessionError::Superseded)));
    assert_eq!(other.session().user_id().as_deref(), Some("u2"));
}
