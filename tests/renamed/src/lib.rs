//! An application as a user would write it, in a crate that calls velox-rpc `rpc` and depends on neither http, serde, validator
//! nor schemars.
#![forbid(unsafe_code)]

use rpc::http::{HeaderName, HeaderValue, Method, StatusCode};
use rpc::procedure::guard;
use rpc::{Call, Ctx, Error, Mutation, Query, Result, middleware, procedure, router, schema};
use velox_session::{SessionMiddleware, SessionUser};

/// What every handler reaches.
#[derive(Debug)]
pub struct AppState {
    /// The name of the shop.
    pub name: &'static str,
}

/// What can be bought.
#[schema]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// A book.
    HardcoverBook,
    /// A pen.
    Pen,
}

/// An order.
#[schema]
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// What.
    pub product: Product,
    /// How many.
    #[validate(range(min = 1, max = 9))]
    pub how_many: u8,
    /// Where to.
    #[validate(nested)]
    pub address: Option<Address>,
    /// Who is told.
    #[validate(email(message = "That is no address"))]
    pub email: String,
}

/// Where an order goes.
#[schema]
#[derive(Debug, Clone, PartialEq)]
pub struct Address {
    /// The town.
    #[validate(length(min = 1))]
    pub town: String,
}

/// What an order is called.
#[schema]
#[derive(Debug, Clone, PartialEq)]
pub struct ById {
    /// The id.
    pub id: String,
}

/// Who rents the shop.
#[middleware]
pub async fn tenant(ctx: &impl Ctx) -> Result<String> {
    Ok(ctx.request().header("x-tenant").unwrap_or("nobody").to_owned())
}

/// The orders of a shop.
#[derive(Debug)]
pub struct Orders {
    /// Who is logged in.
    pub session: SessionMiddleware,
}

#[router("orders", state = AppState)]
impl Orders {
    /// Takes an order.
    pub fn create_order(&self) -> Mutation<Order, Order> {
        procedure().use_(tenant).input::<Order>().mutation(async |Call { input, .. }| Ok(input))
    }

    /// Gives an order.
    pub fn get_order(&self) -> Query<ById, ById> {
        procedure().input::<ById>().query(|Call { input, .. }| match input.id.as_str() {
            "1" => Ok(input),
            id => Err(Error::resource_not_found("Order", id)),
        })
    }

    /// Who runs the shop.
    pub fn shop(&self) -> Query<(), String> {
        procedure()
            .guard(
                guard("open", |request| request.header("x-closed").is_none()).status(StatusCode::SERVICE_UNAVAILABLE),
            )
            .use_(tenant)
            .rest(Method::GET, "/shop")
            .query(|Call { ctx, .. }| {
                ctx.reply().header(HeaderName::from_static("x-shop"), HeaderValue::from_static("books"));
                Ok(format!("{} of {}", ctx.name, ctx.tenant))
            })
    }

    /// Who is logged in.
    pub fn profile(&self) -> Query<(), SessionUser> {
        procedure().use_(self.session.required()).query(|Call { ctx, .. }| Ok(ctx.user))
    }
}
