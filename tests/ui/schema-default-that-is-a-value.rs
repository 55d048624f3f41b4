use velox_rpc::{Call, Query, procedure, router, schema};

#[schema]
pub struct Page {
    #[serde(default = 1)]
    pub number: u32,
    #[serde(default = "20")]
    pub size: u32,
    #[serde(default = false)]
    pub descending: bool,
    #[serde(default(10))]
    pub limit: u32,
    #[serde(default = first)]
    pub first: u32,
}

struct Users;

#[router("users")]
impl Users {
    fn list(&self) -> Query<Page, Page> {
        procedure().input::<Page>().query(|Call { input, .. }| Ok(input))
    }
}

fn main() {}
// mistakes: 5
