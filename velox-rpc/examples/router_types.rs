//! Prints the router type that `TypeScript::app_router` writes for many procedures, each with its
//! own input and output types. The argument is the number of procedures.
//!
//! `tests/measure/tsc` runs it to measure how long the TypeScript compiler needs for such a router.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "it prints the module")]

use std::borrow::Cow;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationErrors};
use velox_rpc::export::TypeScript;
use velox_rpc::{App, Call, Router, procedure, schema};

fn main() -> Result<(), Box<dyn Error>> {
    let count: usize = std::env::args().nth(1).map_or(Ok(1_000), |count| count.parse())?;
    let app = (0..count.div_ceil(PER_ROUTER)).fold(App::new(()), |app, index| app.router(router(index, count)));
    let service = app.trpc("/trpc").into_service()?;
    println!("{}", TypeScript::of(service.manifest()).app_router());
    Ok(())
}

fn router(index: usize, count: usize) -> Router<()> {
    let first = index * PER_ROUTER;
    (first..count.min(first + PER_ROUTER)).fold(Router::new(format!("r{index}")), |router, number| {
        let echo = procedure().input::<Own>().query(|Call { input, .. }| Ok(input));
        router.procedure(format!("p{number}"), echo.describe("Gives back what it was given."))
    })
}

/// What every type has.
#[schema]
struct Fields {
    /// The id.
    id: String,
    count: u32,
    email: Option<String>,
    roles: Vec<Role>,
    address: Address,
}

#[schema]
enum Role {
    User,
    Admin,
}

#[schema]
struct Address {
    city: String,
    zip: Option<String>,
}

/// A type that returns its schema under a new name each time. A thousand Rust types would take
/// minutes to compile, and TypeScript sees no difference.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Own(Fields);

static DESCRIBED: AtomicUsize = AtomicUsize::new(0);

impl JsonSchema for Own {
    fn schema_name() -> Cow<'static, str> {
        format!("Own{}", DESCRIBED.load(Ordering::Relaxed)).into()
    }

    fn schema_id() -> Cow<'static, str> {
        Self::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        DESCRIBED.fetch_add(1, Ordering::Relaxed);
        Fields::json_schema(generator)
    }
}

impl velox_rpc::procedure::Examine for Own {}

impl Validate for Own {
    fn validate(&self) -> Result<(), ValidationErrors> {
        self.0.validate()
    }
}

const PER_ROUTER: usize = 10;
