//! Users, with routes derived from the procedures' names.

use std::sync::LazyLock;

use regex::Regex;
use velox_rpc::http::StatusCode;
use velox_rpc::{Call, Error, Mutation, Query, Result, procedure, router, schema};

use crate::AppState;
use crate::data::Table;

pub struct Users;

#[schema]
#[derive(Clone)]
pub struct User {
    pub id: String,
    pub name: String,
    pub email: String,
    pub age: Option<u8>,
    pub address: Option<Address>,
}

#[schema]
#[derive(Clone)]
pub struct Address {
    #[validate(length(min = 1))]
    pub city: String,
    /// Five digits.
    #[validate(regex(path = *ZIP, message = "Invalid zip"))]
    pub zip: String,
}

#[schema]
pub struct UserBody {
    #[validate(length(min = 1, max = 100))]
    pub name: String,
    /// Must be unique.
    #[validate(email)]
    pub email: String,
    #[validate(range(min = 0, max = 150))]
    pub age: Option<u8>,
    #[validate(nested)]
    pub address: Option<Address>,
}

#[schema]
pub struct ById {
    pub id: String,
}

#[schema]
pub struct Replacement {
    pub id: String,
    /// The new data of the user.
    #[serde(flatten)]
    #[validate(nested)]
    pub body: UserBody,
}

/// The changes to a user.
#[schema]
pub struct Patch {
    pub id: String,
    #[validate(length(min = 1, max = 100))]
    pub name: Option<String>,
    #[validate(email)]
    pub email: Option<String>,
    #[validate(range(min = 0, max = 150))]
    pub age: Option<u8>,
    #[validate(nested)]
    pub address: Option<Address>,
}

#[schema]
pub struct Search {
    /// The page number, starting at 1.
    #[serde(default = "first_page")]
    #[validate(range(min = 1))]
    pub page: usize,
    /// The number of users on a page.
    #[serde(default = "page_length")]
    #[validate(range(min = 1, max = 100))]
    pub limit: usize,
    /// A part of the name, in upper or lower case.
    pub search: Option<String>,
}

#[schema]
pub struct Page {
    pub items: Vec<User>,
    pub page: usize,
    /// The number of users on a page.
    pub limit: usize,
    /// The number of users on all pages.
    pub total: usize,
}

#[router("users", state = AppState)]
impl Users {
    /// Lists one page of users.
    pub fn list_users(&self) -> Query<Search, Page> {
        procedure().input::<Search>().query(|Call { input: Search { page, limit, search }, ctx }| {
            let search = search.unwrap_or_default().to_lowercase();
            let tables = ctx.data.tables();
            let found: Vec<_> =
                tables.users.rows.iter().filter(|user| user.name.to_lowercase().contains(&search)).collect();
            let (total, skipped) = (found.len(), (page - 1).saturating_mul(limit));
            let items = found.into_iter().skip(skipped).take(limit).cloned().collect();
            Ok(Page { items, page, limit, total })
        })
    }

    /// Returns one user.
    pub fn get_user(&self) -> Query<ById, User> {
        procedure()
            .input::<ById>()
            .fails_with(StatusCode::NOT_FOUND, NO_USER)
            .query(|Call { input: ById { id }, ctx }| Ok(of_id(&mut ctx.data.tables().users, &id)?.clone()))
    }

    /// Adds a user.
    pub fn create_user(&self) -> Mutation<UserBody, User> {
        procedure().input::<UserBody>().fails_with(StatusCode::CONFLICT, TAKEN).mutation(|Call { input, ctx }| {
            let users = &mut ctx.data.tables().users;
            check_email(users, &input.email, None)?;
            Ok(users.add(|number| user(number.to_string(), input)).clone())
        })
    }

    /// Replaces a user.
    pub fn update_user(&self) -> Mutation<Replacement, User> {
        procedure()
            .input::<Replacement>()
            .fails_with(StatusCode::NOT_FOUND, NO_USER)
            .fails_with(StatusCode::CONFLICT, TAKEN)
            .mutation(|Call { input: Replacement { id, body }, ctx }| {
                let users = &mut ctx.data.tables().users;
                of_id(users, &id)?;
                check_email(users, &body.email, Some(&id))?;
                let present = of_id(users, &id)?;
                *present = user(id, body);
                Ok(present.clone())
            })
    }

    /// Changes some fields of a user.
    pub fn patch_user(&self) -> Mutation<Patch, User> {
        procedure()
            .input::<Patch>()
            .fails_with(StatusCode::NOT_FOUND, NO_USER)
            .fails_with(StatusCode::CONFLICT, TAKEN)
            .mutation(|Call { input: Patch { id, name, email, age, address }, ctx }| {
                let users = &mut ctx.data.tables().users;
                of_id(users, &id)?;
                if let Some(email) = &email {
                    check_email(users, email, Some(&id))?;
                }
                let present = of_id(users, &id)?;
                present.name = name.unwrap_or_else(|| present.name.clone());
                present.email = email.unwrap_or_else(|| present.email.clone());
                present.age = age.or(present.age);
                present.address = address.or_else(|| present.address.clone());
                Ok(present.clone())
            })
    }

    /// Deletes a user.
    pub fn delete_user(&self) -> Mutation<ById, ()> {
        procedure().input::<ById>().fails_with(StatusCode::NOT_FOUND, NO_USER).mutation(
            |Call { input: ById { id }, ctx }| {
                let users = &mut ctx.data.tables().users;
                of_id(users, &id)?;
                users.rows.retain(|user| user.id != id);
                Ok(())
            },
        )
    }
}

fn user(id: String, UserBody { name, email, age, address }: UserBody) -> User {
    User { id, name, email, age, address }
}

fn of_id<'t>(users: &'t mut Table<User>, id: &str) -> Result<&'t mut User> {
    users.rows.iter_mut().find(|user| user.id == id).ok_or_else(|| Error::resource_not_found("User", id))
}

/// Checks that no other user has this email address.
fn check_email(users: &Table<User>, email: &str, own: Option<&str>) -> Result<()> {
    if users.rows.iter().any(|user| user.email == email && own != Some(&user.id)) {
        return Err(Error::custom(StatusCode::CONFLICT, "CONFLICT", TAKEN));
    }
    Ok(())
}

fn first_page() -> usize {
    1
}

fn page_length() -> usize {
    20
}

const NO_USER: &str = "No user has this id";
const TAKEN: &str = "Email already taken";

static ZIP: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\d{5}$").expect("a valid pattern"));
