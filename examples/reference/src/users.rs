//! Users, under the routes that their names give them.

use std::sync::LazyLock;

use regex::Regex;
use velox_rpc::http::StatusCode;
use velox_rpc::{Call, Error, Mutation, Query, Result, procedure, router, schema};

use crate::AppState;
use crate::data::Table;

/// What keeps users.
pub struct Users;

/// A user.
#[schema]
#[derive(Clone)]
pub struct User {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The age.
    pub age: Option<u8>,
    /// Where the user lives.
    pub address: Option<Address>,
}

/// Where a user lives.
#[schema]
#[derive(Clone)]
pub struct Address {
    /// The city.
    #[validate(length(min = 1))]
    pub city: String,
    /// Five digits.
    #[validate(regex(path = *ZIP, message = "Invalid zip"))]
    pub zip: String,
}

/// What a user is made of.
#[schema]
pub struct UserBody {
    /// The name.
    #[validate(length(min = 1, max = 100))]
    pub name: String,
    /// The e-mail address, which no other user has.
    #[validate(email)]
    pub email: String,
    /// The age.
    #[validate(range(min = 0, max = 150))]
    pub age: Option<u8>,
    /// Where the user lives.
    #[validate(nested)]
    pub address: Option<Address>,
}

/// A user's id.
#[schema]
pub struct ById {
    /// The id.
    pub id: String,
}

/// A user, to be replaced.
#[schema]
pub struct Replacement {
    /// The id.
    pub id: String,
    /// What takes its place.
    #[serde(flatten)]
    #[validate(nested)]
    pub body: UserBody,
}

/// What of a user is to be changed.
#[schema]
pub struct Patch {
    /// The id.
    pub id: String,
    /// The name.
    #[validate(length(min = 1, max = 100))]
    pub name: Option<String>,
    /// The e-mail address.
    #[validate(email)]
    pub email: Option<String>,
    /// The age.
    #[validate(range(min = 0, max = 150))]
    pub age: Option<u8>,
    /// Where the user lives.
    #[validate(nested)]
    pub address: Option<Address>,
}

/// Which users are wanted.
#[schema]
pub struct Search {
    /// The page, from 1 on.
    #[serde(default = "first_page")]
    #[validate(range(min = 1))]
    pub page: usize,
    /// How many users a page has.
    #[serde(default = "page_length")]
    #[validate(range(min = 1, max = 100))]
    pub limit: usize,
    /// A part of the name, in capitals or not.
    pub search: Option<String>,
}

/// A page of users.
#[schema]
pub struct Page {
    /// The users.
    pub items: Vec<User>,
    /// The page.
    pub page: usize,
    /// How many users a page has.
    pub limit: usize,
    /// How many there are on all pages.
    pub total: usize,
}

#[router("users", state = AppState)]
impl Users {
    /// A page of the users.
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

    /// One user.
    pub fn get_user(&self) -> Query<ById, User> {
        procedure()
            .input::<ById>()
            .fails_with(StatusCode::NOT_FOUND, NO_USER)
            .query(|Call { input: ById { id }, ctx }| Ok(of_id(&mut ctx.data.tables().users, &id)?.clone()))
    }

    /// Makes a user.
    pub fn create_user(&self) -> Mutation<UserBody, User> {
        procedure().input::<UserBody>().fails_with(StatusCode::CONFLICT, TAKEN).mutation(|Call { input, ctx }| {
            let users = &mut ctx.data.tables().users;
            check_email(users, &input.email, None)?;
            Ok(users.add(|number| user(number.to_string(), input)).clone())
        })
    }

    /// Puts another user in the place of one.
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

    /// Changes some things of a user.
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

/// No two users have one address.
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
