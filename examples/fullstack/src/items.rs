//! The procedures of the shared list.

use std::sync::Arc;

use velox_rpc::procedure::Tracked;
use velox_rpc::{Call, Mutation, Query, Subscription, procedure, router, schema};

use crate::accounts::Account;
use crate::app::UserSession;
use crate::list::{Change, Item, Member};
use crate::state::AppState;

/// The router of the shared list. Every user can see and change the list.
pub struct Items {
    pub session: UserSession,
}

/// An item to be added.
#[schema]
pub struct NewItem {
    /// The client makes the id.
    #[validate(length(min = 8, max = 64))]
    pub id: String,
    #[validate(length(min = 1, max = 200, message = "Use 1 to 200 characters"))]
    pub text: String,
}

/// Marks an item as done or as open.
#[schema]
pub struct Toggle {
    pub id: String,
    pub done: bool,
}

/// The id of an item.
#[schema]
pub struct ById {
    pub id: String,
}

/// Where to resume the stream.
#[schema]
pub struct After {
    /// The last event that the client has seen. tRPC's client sets it when it reconnects.
    pub last_event_id: Option<String>,
}

#[router("items", state = AppState)]
impl Items {
    /// Returns all items, the oldest first.
    pub fn list(&self) -> Query<(), Vec<Item>> {
        procedure().use_(self.session.required()).query(|Call { ctx, .. }| Ok(ctx.list.items()))
    }

    /// Adds an item.
    pub fn add(&self) -> Mutation<NewItem, Item> {
        procedure().use_(self.session.required()).input::<NewItem>().mutation(|Call { input, ctx }| {
            let NewItem { id, text } = input;
            ctx.list.add(Item { id, text, done: false, added_by: (&ctx.user).into() })
        })
    }

    /// Marks an item as done or as open.
    pub fn toggle(&self) -> Mutation<Toggle, Item> {
        procedure()
            .use_(self.session.required())
            .input::<Toggle>()
            .mutation(|Call { input, ctx }| ctx.list.toggle(&input.id, input.done, (&ctx.user).into()))
    }

    /// Removes an item.
    pub fn remove(&self) -> Mutation<ById, ()> {
        procedure().use_(self.session.required()).input::<ById>().mutation(|Call { input, ctx }| {
            ctx.list.remove(&input.id, (&ctx.user).into());
            Ok(())
        })
    }

    /// Streams the changes of the list.
    pub fn changes(&self) -> Subscription<After, Tracked<Change>> {
        procedure()
            .use_(self.session.required())
            .input::<After>()
            .subscription(|Call { input, ctx }| Arc::clone(&ctx.list).changes(input.last_event_id.as_deref()))
    }
}

impl From<&Account> for Member {
    fn from(Account { id, name, .. }: &Account) -> Self {
        Self { id: id.clone(), name: name.clone() }
    }
}
