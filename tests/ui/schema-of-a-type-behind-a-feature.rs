use url::Url;
use velox_rpc::{Call, Mutation, procedure, router, schema};

#[schema]
pub struct Link {
    pub to: Url,
    pub from: Option<url::Url>,
    pub others: Vec<Url>,
}

struct Links;

#[router("links")]
impl Links {
    fn add(&self) -> Mutation<Link, Link> {
        procedure().input::<Link>().mutation(|Call { input, .. }| Ok(input))
    }
}

fn main() {}
// mistakes: 3
