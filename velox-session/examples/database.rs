//! An application with a database: handlers, sessions, the health check and a test share one pool
//! of sqlx.
//!
//! ```sh
//! cargo run -p velox-session --example database
//! curl -c jar http://localhost:3000/api/accounts/login -H 'content-type: application/json' -d '{"id":"ada"}'
//! curl -b jar http://localhost:3000/api/accounts/transfer -H 'content-type: application/json' -d '{"to":"bob","amount":4}'
//! curl -b jar http://localhost:3000/api/accounts/balance
//! curl http://localhost:3000/health/ready
//! ```

#![forbid(unsafe_code)]

use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;
use velox_rpc::service::Health;
use velox_rpc::{App, Call, Error, Mutation, Query, Result, procedure, router, schema};
use velox_session::{MemoryStore, Secret, SessionMiddleware, SessionUser, session_middleware};

/// Handlers reach the pool as `ctx.db`.
struct AppState {
    db: SqlitePool,
}

/// The user of a session, read from the database for each request.
#[derive(Clone)]
struct Account {
    id: String,
    balance: i64,
}

#[schema]
struct Login {
    id: String,
}

#[schema]
struct Transfer {
    to: String,
    #[validate(range(min = 1))]
    amount: i64,
}

struct Accounts {
    session: SessionMiddleware<Account>,
}

#[router("accounts", state = AppState)]
impl Accounts {
    /// Logs in without a password. The guide "Sessions" shows how to check one.
    fn login(&self) -> Mutation<Login, ()> {
        procedure().use_(self.session.optional()).input::<Login>().mutation(async |Call { input, ctx }| {
            ctx.session.login(SessionUser::new(input.id, "")).await?;
            Ok(())
        })
    }

    fn balance(&self) -> Query<(), i64> {
        procedure().use_(self.session.required()).query(|Call { ctx, .. }| Ok(ctx.user.balance))
    }

    fn transfer(&self) -> Mutation<Transfer, ()> {
        procedure()
            .use_(self.session.required())
            .input::<Transfer>()
            .mutation(async |Call { input, ctx }| ctx.transfer(&ctx.user.id, &input.to, input.amount).await)
    }
}

impl AppState {
    /// Moves money in one transaction. If this returns early, the transaction is dropped, which
    /// rolls it back.
    async fn transfer(&self, from: &str, to: &str, amount: i64) -> Result<()> {
        let mut transaction = self.db.begin().await?;
        for (id, amount) in [(from, -amount), (to, amount)] {
            let sql = "UPDATE accounts SET balance = balance + $1 WHERE id = $2 RETURNING balance";
            let balance = sqlx::query_scalar(sql).bind(amount).bind(id).fetch_optional(&mut *transaction).await?;
            let balance: i64 = balance.ok_or_else(|| Error::resource_not_found("Account", id))?;
            if balance < 0 {
                return Err(Error::conflict("Not enough money"));
            }
        }
        transaction.commit().await?;
        Ok(())
    }
}

fn session(db: SqlitePool) -> Result<SessionMiddleware<Account>> {
    let session =
        session_middleware(Secret::generate()?).store(MemoryStore::new()).secure(false).cookie_name("session");
    Ok(session.build()?.user_loader(move |user: SessionUser| {
        let db = db.clone();
        async move {
            let sql = "SELECT id, balance FROM accounts WHERE id = $1";
            let row = sqlx::query_as(sql).bind(user.id).fetch_optional(&db).await?;
            Ok(row.map(|(id, balance)| Account { id, balance }))
        }
    }))
}

fn app(db: SqlitePool, session: SessionMiddleware<Account>) -> App<AppState> {
    let pool = db.clone();
    let ping = move || {
        let pool = pool.clone();
        async move { sqlx::query("SELECT 1").execute(&pool).await.map(drop) }
    };
    App::new(AppState { db }).router(Accounts { session }).health(Health::at("/health").check("database", ping))
}

/// Opens a database in memory, which lives as long as the one connection of its pool.
async fn open() -> Result<SqlitePool> {
    let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    let db = pool.connect("sqlite::memory:").await?;
    sqlx::query("CREATE TABLE accounts (id TEXT PRIMARY KEY, balance INTEGER NOT NULL)").execute(&db).await?;
    sqlx::query("INSERT INTO accounts VALUES ('ada', 10), ('bob', 0)").execute(&db).await?;
    Ok(db)
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();
    let db = open().await?;
    app(db.clone(), session(db)?).serve("127.0.0.1:3000").await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use velox_rpc::http::HeaderValue;
    use velox_rpc::http::header::{COOKIE, SET_COOKIE};

    use super::*;

    #[tokio::test]
    async fn a_failed_transfer_is_rolled_back() -> Result<()> {
        let db = open().await?;
        let session = session(db.clone())?;
        let (app, accounts) = (app(db, session.clone()), Accounts { session });

        let login = app.caller().call_with_headers(accounts.login(), &Login { id: "ada".into() }).await;
        login.result?;
        let cookie = login.headers[SET_COOKIE].to_str()?.split(';').next().unwrap_or_default();
        let ada = app.caller().header(COOKIE, HeaderValue::from_str(cookie)?);

        let transfer = |to: &str, amount| Transfer { to: to.into(), amount };
        let refused = ada.call(accounts.transfer(), &transfer("nobody", 4)).await.expect_err("nobody has no account");
        assert_eq!(refused.message(), "Account with id nobody not found");
        assert_eq!(ada.call(accounts.balance(), &()).await?, 10);

        ada.call(accounts.transfer(), &transfer("bob", 4)).await?;
        assert_eq!(ada.call(accounts.balance(), &()).await?, 6);
        Ok(())
    }

    #[tokio::test]
    async fn the_service_is_not_ready_without_its_database() -> Result<()> {
        let db = open().await?;
        let service = app(db.clone(), session(db.clone())?).into_service()?;
        let ready = || velox_rpc::http::Request::get("/health/ready").body(String::new()).expect("a request");
        assert_eq!(service.call(ready()).await.status(), 200);
        db.close().await;
        assert_eq!(service.call(ready()).await.status(), 503);
        Ok(())
    }
}
