//! Tests that the macros find velox-rpc under its name in this crate, by running the application.

use rpc::App;
use rpc::http::{HeaderName, HeaderValue, StatusCode};
use velox_renamed::{AppState, ById, Order, Orders, Product};
use velox_session::{MemoryStore, session_middleware};

fn orders() -> Orders {
    let session = session_middleware("a development secret of 32 bytes or more").store(MemoryStore::new());
    Orders { session: session.build().expect("good settings") }
}

fn app() -> App<AppState> {
    App::new(AppState { name: "Books" }).router(orders())
}

fn order(email: &str, how_many: u8) -> Order {
    Order { product: Product::HardcoverBook, how_many, address: None, email: email.to_owned() }
}

#[test]
fn the_router_has_its_routes() {
    let routes = app().into_service().expect("good routes").manifest().to_string();
    let expected = "\
POST  /api/orders          orders.createOrder
GET   /api/orders/:id      orders.getOrder
GET   /api/shop            orders.shop         guards: open
GET   /api/orders/profile  orders.profile      requires __Host-session cookie
";
    assert_eq!(routes, expected);
}

#[tokio::test]
async fn a_schema_is_read_and_written() {
    let sent = order("ada@example.com", 2);
    let given = app().caller().call(orders().create_order(), &sent).await;
    assert!(given.is_ok_and(|given| given == sent));
}

#[tokio::test]
async fn the_rules_of_a_schema_hold() {
    let error = app().caller().call(orders().create_order(), &order("ada", 0)).await.expect_err("two rules are broken");
    let fields = error.members()["fields"].to_string();
    assert!(fields.contains(r#""email":"That is not an address""#), "{fields}");
    assert!(fields.contains(r#""howMany":"Number must be greater than or equal to 1""#), "{fields}");
}

#[tokio::test]
async fn a_middleware_adds_its_field() {
    let shop = app().caller().call(orders().shop(), &()).await;
    assert!(shop.is_ok_and(|shop| shop == "Books of nobody"));
}

#[tokio::test]
async fn velox_rpc_exports_http() {
    let closed = (HeaderName::from_static("x-closed"), HeaderValue::from_static("1"));
    let error = app().caller().header(closed.0, closed.1).call(orders().shop(), &()).await.expect_err("it is closed");
    assert_eq!((error.status(), error.code()), (StatusCode::SERVICE_UNAVAILABLE, "GUARD_FAILED"));
    assert_eq!(app().caller().call_with_headers(orders().shop(), &()).await.headers["x-shop"], "books");
}

#[tokio::test]
async fn an_error_has_its_status_and_code() {
    let error =
        app().caller().call(orders().get_order(), &ById { id: "2".into() }).await.expect_err("it does not exist");
    assert_eq!(error.message(), "Order with id 2 not found");
}

#[tokio::test]
async fn sessions_work_in_the_same_application() {
    let error = app().caller().call(orders().profile(), &()).await.expect_err("no user is logged in");
    assert_eq!((error.status().as_u16(), error.code()), (401, "SESSION_UNAUTHORIZED"));
}

/// The package must keep its purpose.
#[test]
fn the_package_depends_only_on_velox_and_tokio() {
    let manifest = include_str!("../Cargo.toml");
    let (_, rest) = manifest.split_once("[dependencies]\n").expect("a table of dependencies");
    let (table, rest) = rest.split_once("\n[").expect("another table");
    let names: Vec<_> = table.lines().filter_map(|line| Some(line.split_once(" = ")?.0)).collect();
    assert_eq!(names, ["rpc", "velox-session", "tokio"]);
    assert!(!rest.contains("dependencies"));
}
