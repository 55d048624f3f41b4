use velox_rpc::{Call, ProcedureBuilder, Query, Result, procedure, router, schema};

type Open = ProcedureBuilder<()>;

fn open() -> Open {
    procedure()
}

struct Users;

#[schema]
pub struct Find {
    pub id: String,
}

#[schema]
pub struct Page {
    pub items: Vec<String>,
}

fn load(id: &str) -> Result<Vec<String>> {
    Ok(vec![id.to_owned()])
}

async fn find(id: &str) -> Result<Vec<String>> {
    load(id)
}

#[router("users")]
impl Users {
    fn base(&self) -> Open {
        procedure().any_host()
    }

    fn get_users(&self) -> Query<Find, Page> {
        self.base().input::<Find>().query(async |Call { input, .. }| {
            let items = find(&input.id).await?;
            find(&input.id).await?;
            Page { items }
        })
    }

    fn get_now(&self) -> Query<Find, Page> {
        procedure().input::<Find>().query(|Call { input, .. }| {
            let items = load(&input.id)?;
            load(&input.id)?;
            let page = Page { items };
            page
        })
    }

    fn get_later(&self) -> Query<Find, Vec<String>> {
        procedure().input::<Find>().query(|Call { input, .. }| async move {
            let items = find(&input.id).await?;
            find(&input.id).await?;
            items.clone()
        })
    }

    fn get_others(&self) -> Query<Find, Page> {
        open().input::<Find>().query(async |Call { input, .. }| {
            let items = find(&input.id).await?;
            Page { items }
        })
    }
}

fn main() {}
// mistakes: 4
