//! An application as a user would write it. It renames velox-rpc to `rpc`, and depends on neither
//! http, serde, validator nor schemars.
#![forbid(unsafe_code)]

use rpc::http::{HeaderName, HeaderValue, Method, StatusCode};
use rpc::procedure::guard;
use rpc::{Call, Ctx, Error, Mutation, Query, Result, middleware, procedure, router, schema};
use velox_session::{SessionMiddleware, SessionUser};

/// The state of the application.
#[derive(Debug)]
pub struct AppState {
    /// The name of the shop.
    pub name: &'static str,
}

/// A product of the shop.
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
    /// The product.
    pub product: Product,
    /// The number of pieces.
    #[validate(range(min = 1, max = 9))]
    pub how_many: u8,
    /// The delivery address.
    #[validate(nested)]
    pub address: Option<Address>,
    /// The e-mail address of the buyer.
    #[validate(email(message = "That is not an address"))]
    pub email: String,
}

/// A delivery address.
#[schema]
#[derive(Debug, Clone, PartialEq)]
pub struct Address {
    /// The town.
    #[validate(length(min = 1))]
    pub town: String,
}

/// The id of an order.
#[schema]
#[derive(Debug, Clone, PartialEq)]
pub struct ById {
    /// The id.
    pub id: String,
}

/// The tenant that the shop belongs to.
#[middleware]
pub async fn tenant(ctx: &impl Ctx) -> Result<String> {
    Ok(ctx.request().header("x-tenant").unwrap_or("nobody").to_owned())
}

/// The orders of a shop.
#[derive(Debug)]
pub struct Orders {
    /// The session of the caller.
    pub session: SessionMiddleware,
}

#[router("orders", state = AppState)]
impl Orders {
    /// Creates an order.
    pub fn create_order(&self) -> Mutation<Order, Order> {
        procedure().use_(tenant).input::<Order>().mutation(async |Call { input, .. }| Ok(input))
    }

    /// Returns an order.
    pub fn get_order(&self) -> Query<ById, ById> {
        procedure().input::<ById>().query(|Call { input, .. }| match input.id.as_str() {
            "1" => Ok(input),
            id => Err(Error::resource_not_found("Order", id)),
        })
    }

    /// Returns the names of the shop and its tenant.
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

    /// Returns the current user.
    pub fn profile(&self) -> Query<(), SessionUser> {
        procedure().use_(self.session.required()).query(|Call { ctx, .. }| Ok(ctx.user))
    }
}
