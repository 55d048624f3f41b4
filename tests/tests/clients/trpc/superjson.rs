//! Tests the superjson transformer, on the wire and with the official client.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use velox_rpc::export::TypeScript;
use velox_rpc::procedure::{Float, Tracked, tracked};
use velox_rpc::service::AppService;
use velox_rpc::{App, Call, Error, Result, Router, Trpc, procedure, schema};
use velox_tests::{FrontEnd, Site, node};

use super::streams::{Lines, streamed};
use super::{get, post};

#[schema]
#[derive(Debug)]
struct Order {
    id: u64,
    total: i128,
    count: u32,
    at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled: Option<DateTime<Utc>>,
    tags: BTreeSet<String>,
    days: BTreeSet<DateTime<Utc>>,
    stock: BTreeMap<u32, Stock>,
    notes: BTreeMap<String, DateTime<Utc>>,
    pairs: Vec<(String, DateTime<Utc>)>,
    ratio: f64,
}

#[schema]
#[derive(Debug)]
struct Stock {
    at: DateTime<Utc>,
    left: u64,
}

#[schema]
struct Plain {
    a: (u32, String, Option<bool>),
}

#[schema]
struct From {
    from: DateTime<Utc>,
}

#[schema]
struct After {
    last_event_id: Option<String>,
}

#[schema]
struct Named {
    id: String,
}

#[schema]
struct Half {
    of: Float,
}

#[schema]
#[serde(transparent)]
struct Summands(Vec<u32>);

#[schema]
#[serde(transparent)]
struct Place(Option<String>);

#[schema]
#[serde(transparent)]
struct Numbers(Vec<Float>);

fn app() -> App<()> {
    let days = |from: DateTime<Utc>| (0..2).map(move |day| from + TimeDelta::days(day));
    let shop = Router::new("shop")
        .procedure("order", procedure().input::<Order>().mutation(|Call { input, .. }| Ok(input)))
        .procedure("again", procedure().no_rest().input::<Order>().query(|Call { input, .. }| Ok(input)))
        .procedure(
            "sum",
            procedure()
                .input::<Summands>()
                .mutation(|Call { input, .. }| Ok(input.0.into_iter().map(u64::from).sum::<u64>())),
        )
        .procedure("half", procedure().input::<Half>().query(|Call { input, .. }| Ok(Float(input.of.0 / 2.0))))
        .procedure("named", procedure().input::<Named>().mutation(|Call { input, .. }| Ok(input.id)))
        .procedure("nothing", procedure().query(|_| Ok(())))
        .procedure("now", procedure().query(|_| Ok(DateTime::<Utc>::UNIX_EPOCH)))
        .procedure("fails", procedure().query(|_| -> Result<()> { Err(Error::conflict("Sold out")) }))
        .procedure("plain", procedure().no_rest().input::<Plain>().query(|Call { input, .. }| Ok(input)))
        .procedure("place", procedure().no_rest().input::<Place>().query(|Call { input, .. }| Ok(input.0)))
        .procedure("nonFinite", procedure().no_rest().input::<Numbers>().query(|Call { input, .. }| Ok(input)))
        .procedure(
            "ticks",
            procedure()
                .input::<From>()
                .subscription(move |Call { input, .. }| stream::iter(days(input.from).map(Ok).collect::<Vec<_>>())),
        )
        .procedure(
            "after",
            procedure().input::<After>().subscription(move |Call { input, .. }| {
                let seen = input.last_event_id.map_or(0, |id| id.parse().unwrap_or(0));
                let events = days(DateTime::UNIX_EPOCH).zip(1..).skip(seen);
                stream::iter(events.map(|(day, id)| Ok(tracked(id, day))).collect::<Vec<Result<Tracked<_>>>>())
            }),
        )
        .procedure(
            "failing",
            procedure().subscription(|_| stream::iter([Ok(1_u64), Err(Error::conflict("Sold out"))])),
        );
    App::new(()).router(shop).trpc(Trpc::at("/trpc").superjson())
}

fn service() -> AppService {
    app().into_service().expect("good routes")
}

#[tokio::test]
async fn the_official_client_gets_all_superjson_types_with_each_of_its_links() {
    let site = Site::of(app()).await;
    let trpc = site.url("/trpc");
    let printed = tokio::task::spawn_blocking(move || node("superjson.mjs", &[Path::new(&trpc)])).await;
    let learned: Value = serde_json::from_str(&printed.expect("node runs")).expect("JSON");
    let of = |class: &str, value: Value| json!({"class": class, "value": value});
    let date = of("Date", json!("2024-02-29T12:30:00.250Z"));
    let order = json!({"data": {
        "id": of("bigint", json!("9007199254740993")),
        "total": of("bigint", json!("-170141183460469231731687303715884105728")),
        "count": 7,
        "at": date,
        "tags": of("Set", json!(["new", "red"])),
        "days": of("Set", json!([date])),
        "stock": of("Map", json!([[7, {"at": date, "left": of("bigint", json!("18446744073709551615"))}]])),
        "notes": {"a.b": date, "c\\d": date},
        "pairs": [["x", date]],
        "ratio": of("number", json!("-0")),
    }});
    let epoch = of("Date", json!("1970-01-01T00:00:00.000Z"));
    let tracked = |id: &str, value: &str| json!({"id": id, "data": of("Date", json!(value))});
    for link in ["httpLink", "httpBatchLink", "httpBatchStreamLink"] {
        let learned = &learned[link];
        assert_eq!(learned["order"], order, "{link}");
        assert_eq!(learned["again"], order, "{link}");
        let together = learned["together"].as_array().expect("a list");
        assert_eq!(together[0], json!({"data": {"class": "undefined"}}), "{link}");
        assert_eq!(together[1], json!({"data": epoch}), "{link}");
        assert_eq!((&together[2]["message"], &together[2]["code"]), (&json!("Sold out"), &json!("CONFLICT")), "{link}");
        assert_eq!(together[3]["code"], "NOT_FOUND", "{link}");
        assert_eq!(together[4], json!({"data": {"a": [1, "x", null]}}), "{link}");
        assert_eq!(together[5..], [json!({"data": null}), json!({"data": null})], "{link}");
        let issues = json!([{"path": ["a", 0], "message": "Invalid input: RegExp cannot be sent"}]);
        assert_eq!(learned["regexp"]["issues"], issues, "{link}");
        let issues = json!([{"path": ["ratio"], "message": "Expected number, received string"}]);
        assert_eq!(learned["notANumber"]["issues"], issues, "{link}");
        let issues = json!([{"path": ["id"], "message": "Number must be less than or equal to 18446744073709551615"}]);
        assert_eq!(learned["tooLarge"]["issues"], issues, "{link}");
        let [nan, infinity, minus, zero] = ["NaN", "Infinity", "-Infinity", "-0"].map(|text| of("number", json!(text)));
        assert_eq!(learned["lossless"], json!({"data": [nan, infinity, minus, zero, 1.5]}), "{link}");
        let ticks = json!([date, of("Date", json!("2024-03-01T12:30:00.250Z")), "complete"]);
        assert_eq!(learned["ticks"], ticks, "{link}");
        let [first, second] = [("1", "1970-01-01T00:00:00.000Z"), ("2", "1970-01-02T00:00:00.000Z")];
        assert_eq!(learned["after"], json!([tracked(first.0, first.1), tracked(second.0, second.1), "complete"]));
        let failing = json!([of("bigint", json!("1")), {"code": "CONFLICT", "message": "Sold out"}]);
        assert_eq!(learned["failing"], failing, "{link}");
    }
}

const EPOCH: &str = r#"{"json":"1970-01-01T00:00:00Z","meta":{"values":["Date"],"v":1}}"#;

fn input(json: &str) -> String {
    json.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn data_and_errors_are_transformed_separately() {
    let service = service();
    let epoch: Value = serde_json::from_str(EPOCH).expect("JSON");
    assert_eq!(get(&service, "/trpc/shop.now").await.body, json!({"result": {"data": epoch}}));
    let nothing = json!({"result": {"data": {"json": null, "meta": {"values": ["undefined"], "v": 1}}}});
    assert_eq!(get(&service, "/trpc/shop.nothing").await.body, nothing);
    let batch = get(&service, "/trpc/shop.fails,shop.now?batch=1").await;
    assert_eq!(batch.status, StatusCode::MULTI_STATUS);
    assert_eq!(batch.body[0]["error"]["json"]["message"], "Sold out");
    assert_eq!(batch.body[1]["result"]["data"], epoch);
    // This is refused before any call runs.
    let refused = get(&service, "/trpc/shop.now?connectionParams=7").await;
    assert_eq!(refused.body["error"]["json"]["code"], -32700);
}

#[tokio::test]
async fn a_line_of_a_stream_is_transformed_as_a_whole() {
    let service = service();
    let request = streamed(Method::GET, "/trpc/shop.now,shop.nothing,shop.fails?batch=1");
    let mut lines = Lines::of(&service, request).await;
    let head = json!({"json": {"0": [[0], [null, 0, 0]], "1": [[0], [null, 0, 1]], "2": [[0], [null, 0, 2]]}});
    assert_eq!(lines.next().await, Some(head));
    let now = json!({
        "json": [0, 0, [[{"result": {"data": "1970-01-01T00:00:00Z"}}]]],
        "meta": {"values": {"2.0.0.result.data": ["Date"]}, "v": 1},
    });
    assert_eq!(lines.next().await, Some(now));
    assert_eq!(lines.next().await, Some(json!({"json": [1, 0, [[{"result": {}}]]]})));
    let failure = lines.next().await.expect("a line");
    assert_eq!(failure["json"][2][0][0]["error"]["message"], "Sold out");
}

/// The id is added to the input that superjson describes.
#[tokio::test]
async fn the_id_of_the_last_event_reaches_an_input_of_superjson() {
    let service = service();
    let nothing = input(r#"{"json":null,"meta":{"values":["undefined"],"v":1}}"#);
    for target in [
        "/trpc/shop.after?lastEventId=1".to_owned(),
        format!("/trpc/shop.after?input={nothing}&lastEventId=1"),
        format!("/trpc/shop.after?input={}", input(r#"{"json":{"lastEventId":"1"}}"#)),
    ] {
        let request = http::Request::get(&target).body(velox_rpc::service::Body::empty()).expect("a request");
        let body = service.call(request).await.into_body().collect().await.expect("a body").to_bytes();
        let text = String::from_utf8(body.to_vec()).expect("text");
        let event = r#"data: {"json":"1970-01-02T00:00:00Z","meta":{"values":["Date"],"v":1}}"#;
        assert!(text.contains(&format!("\n\n{event}\nid: 2\n\nevent: return")), "{target}: {text}");
    }
}

#[tokio::test]
async fn an_input_without_superjson_is_refused_with_the_reason() {
    let service = service();
    let message = "The input is not superjson: set `transformer: superjson` in the links of the client";
    for body in [r#"{"a":1}"#, "7", "[]"] {
        let reply = post(&service, "/trpc/shop.order", body).await;
        assert_eq!((reply.status, &reply.body["error"]["json"]["message"]), (StatusCode::BAD_REQUEST, &json!(message)));
    }
    let reply = post(&service, "/trpc/shop.order?batch=1", r#"{"0":{"json":{}},"1":7}"#).await;
    let issues = reply.body[0]["error"]["json"]["data"]["issues"].as_array().map(Vec::len);
    assert_eq!(issues, Some(10), "{:#}", reply.body);
}

/// JavaScript considers minus zero an integer, and a bigint is not accepted as a string.
#[tokio::test]
async fn minus_zero_is_an_integer_and_a_bigint_is_not_a_string() {
    let service = service();
    let sum = post(
        &service,
        "/trpc/shop.sum",
        r#"{"json":["-0","7"],"meta":{"values":{"0":["number"],"1":["bigint"]},"v":1}}"#,
    );
    let data = json!({"json": "7", "meta": {"values": ["bigint"], "v": 1}});
    assert_eq!(sum.await.body["result"]["data"], data);
    let body = r#"{"json":{"id":"7"},"meta":{"values":{"id":["bigint"]},"v":1}}"#;
    let reply = post(&service, "/trpc/shop.named", body).await;
    let issues = json!([{"path": ["id"], "message": "Expected string, received number"}]);
    assert_eq!(reply.body["error"]["json"]["data"]["issues"], issues);
}

/// REST, its events, and applications without superjson still send plain JSON.
#[tokio::test]
async fn only_trpc_uses_superjson() {
    let service = service();
    assert_eq!(get(&service, "/api/shop/now").await.body, "1970-01-01T00:00:00Z");
    let module = TypeScript::of(service.manifest()).to_string();
    assert!(module.contains("  at: string;") && !module.contains("Date"), "{module}");
}

/// Without superjson, numbers that JSON cannot express are strings.
#[tokio::test]
async fn a_float_is_read_from_json_and_from_a_query() {
    let service = service();
    for (text, half) in [("5", json!(2.5)), ("-Infinity", json!("-Infinity")), ("NaN", json!("NaN"))] {
        assert_eq!(get(&service, &format!("/api/shop/half?of={text}")).await.body, half, "{text}");
    }
    let refused = get(&service, "/api/shop/half?of=much").await;
    assert_eq!(refused.body["fields"], json!({"of": "Expected number, received nan"}), "{}", refused.body);
    let reply = get(&service, &format!("/trpc/shop.nonFinite?input={}", input(r#"{"json":["5"]}"#))).await;
    let issues = json!([{"path": [0], "message": "Expected number, received string"}]);
    assert_eq!(reply.body["error"]["json"]["data"]["issues"], issues);
}

#[schema]
struct Date {
    set: HashMap<String, u64>,
}

#[test]
fn the_exported_types_match_superjson() {
    let own = procedure().input::<Date>().mutation(|Call { input, .. }| Ok(input));
    let app = app().router(Router::new("own").procedure("date", own));
    let service = app.into_service().expect("good routes");
    let front_end = FrontEnd::new(env!("CARGO_TARGET_TMPDIR"), "superjson-types");
    front_end.write("app-router.d.ts", &TypeScript::of(service.manifest()).app_router().to_string());
    front_end.check("uses.ts", USES);
}

/// Fails to compile if a type is wider or narrower than it should be.
const USES: &str = r#"
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import superjson from "superjson";
import type { AppRouter } from "./app-router";

const client = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: "/trpc", transformer: superjson })] });
// @ts-expect-error the transformer is missing
httpBatchLink<AppRouter>({ url: "/trpc" });

export async function order(): Promise<string> {
  const at = new Date();
  const stock = new Map([[7, { at, left: 2n }]]);
  const order = { id: 1n, total: 2n, count: 3, at, tags: new Set(["a"]), days: new Set([at]), stock, notes: { a: at }, ratio: NaN };
  const sent = await client.shop.order.mutate({ ...order, pairs: [["x", at]], cancelled: undefined });
  const id: bigint = sent.id;
  const count: number = sent.count;
  const day: Date | undefined = [...sent.days][0];
  const cancelled: Date | null | undefined = sent.cancelled;
  const left: bigint | undefined = sent.stock.get(7)?.left;
  const note: Date | undefined = sent.notes["a"];
  const nothing: undefined = await client.shop.nothing.query();
  const numbers: number[] = await client.shop.nonFinite.query([NaN]);
  const own: bigint | undefined = (await client.own.date.mutate({ set: { a: 1n } })).set["a"];
  // @ts-expect-error a date is not a string
  const wrong: string = sent.at;
  // @ts-expect-error a date is not a string
  await client.shop.order.mutate({ ...order, pairs: [], at: "2024-01-01T00:00:00Z" });
  // @ts-expect-error an id is not a number
  await client.shop.order.mutate({ ...order, pairs: [], id: 1 });
  // @ts-expect-error a set is not a list
  await client.shop.order.mutate({ ...order, pairs: [], tags: ["a"] });
  client.shop.ticks.subscribe({ from: at }, { onData: (date) => date.getTime() });
  client.shop.after.subscribe({}, { onData: ({ data }) => data.getTime() });
  return [id, count, day, cancelled, left, note, nothing, numbers, own].join();
}
"#;
