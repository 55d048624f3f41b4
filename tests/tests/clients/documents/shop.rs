//! An application for the page at `/docs`, with every kind of form field. It is mounted below a
//! path of another router.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use http::StatusCode;
use serde::Deserialize;
use velox_rpc::export::OpenApi;
use velox_rpc::procedure::{Credential, Demands, Guard};
use velox_rpc::{App, Call, Ctx, Error, Mutation, Query, Result, Router, Subscription, procedure, router, schema};
use velox_session::rate::rate_limit;
use velox_session::{Csrf, csrf};
use velox_tests::{SECRET, Site};

/// The procedures of orders.
struct Orders;

#[schema]
struct ByNumber {
    id: u64,
}

/// An order.
#[schema]
struct Order {
    /// The default is larger than JavaScript's exact integers.
    #[serde(default = "large")]
    number: u64,
    /// A note of the buyer.
    note: Option<String>,
}

fn large() -> u64 {
    9_007_199_254_740_993
}

#[schema]
struct Numbers {
    number: u64,
    next: u64,
}

/// The state of an order.
#[schema]
enum State {
    Open,
    Paid,
    Sent,
}

#[schema]
struct Search {
    /// Finds orders in any of these states.
    #[serde(default)]
    states: Vec<State>,
    /// Finds orders that contain all of these words.
    #[serde(default)]
    words: Vec<String>,
}

#[router("orders")]
/// Orders and their state.
impl Orders {
    /// Returns the number of an order, and the number two after it.
    fn get_order(&self) -> Query<ByNumber, Numbers> {
        procedure()
            .input::<ByNumber>()
            .fails_with(StatusCode::NOT_FOUND, "No order has this number")
            .query(|Call { input, .. }| Ok(Numbers { number: input.id, next: input.id + 2 }))
    }

    /// Creates an order.
    ///
    /// The number may be in use already.
    fn create_order(&self) -> Mutation<Order, Order> {
        procedure().input::<Order>().mutation(|Call { input, .. }| Ok(input))
    }

    /// Finds orders.
    fn search(&self) -> Query<Search, Search> {
        procedure().input::<Search>().query(|Call { input, .. }| Ok(input))
    }

    fn any_keys(&self) -> Query<Keys, BTreeMap<String, String>> {
        procedure().input::<Keys>().query(|Call { input, .. }| Ok(input.0))
    }

    /// Returns the sales by seller.
    fn report(&self) -> Query<(), &'static str> {
        let limit = rate_limit("report", 100, Duration::from_secs(60));
        procedure().guard(ApiKey).guard(limit).query(|_| Ok("a report"))
    }

    #[deprecated(note = "read the report")]
    fn audit(&self) -> Query<(), &'static str> {
        procedure().guard(ApiKey).query(|_| Ok("an audit"))
    }

    /// Reports changes as they happen.
    fn changes(&self) -> Subscription<(), &'static str> {
        procedure().subscription(async |_| {
            let first = futures_util::stream::once(async { Ok("a change") });
            Ok(first.chain(futures_util::stream::pending()))
        })
    }
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Keys(BTreeMap<String, String>);

impl velox_rpc::procedure::Examine for Keys {}

impl validator::Validate for Keys {
    fn validate(&self) -> Result<(), validator::ValidationErrors> {
        Ok(())
    }
}

struct ApiKey;

impl<C: Ctx> Guard<C> for ApiKey {
    fn name(&self) -> &str {
        "apiKey"
    }

    async fn check(&self, ctx: &C) -> Result<()> {
        match ctx.request().header("x-api-key") {
            Some("key-123") => Ok(()),
            _ => Err(Error::unauthorized("API key required")),
        }
    }

    fn describe(&self, demands: &mut Demands) {
        demands.require(Credential::Header("x-api-key".into()));
        demands.refuse(StatusCode::UNAUTHORIZED, "API key required");
    }
}

fn forms(csrf: &Csrf) -> Router<()> {
    let issuer = csrf.clone();
    Router::new("forms")
        .describe("A form that another site cannot send.")
        .guard(csrf.guard())
        .procedure("getToken", procedure().query(move |Call { ctx, .. }| issuer.issue(&ctx)))
        .procedure("submit", procedure().mutation(|_| Ok("sent")))
}

/// Serves the application below `/shop`, with its page at `/shop/internal/docs`.
pub(crate) async fn site() -> Site {
    let csrf = csrf(SECRET).secure(false).build().expect("good settings");
    let open_api = OpenApi::new("Shop", "2.0.0").description("Orders and their state.");
    let app = App::new(()).router(Orders).router(forms(&csrf)).docs("/internal/docs", open_api);
    let service = app.into_service().expect("good routes");
    Site::start(velox_rpc::Server::new(axum::Router::<()>::new().nest_service("/shop", service))).await
}
