use velox_rpc::{Call, Error, Query, Result, procedure, router, schema};

struct Users;

#[schema]
pub struct GetUser {
    pub id: String,
}

fn find(id: &str) -> Result<String> {
    Ok(id.to_owned())
}

async fn load(id: &str) -> Result<String> {
    find(id)
}

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|Call { .. }| Ok(1))
    }

    fn get_user(&self) -> Query<GetUser, String> {
        procedure().input::<GetUser>().query(async |Call { input, .. }| {
            let name = load(&input.id).await?;
            if name.is_empty() {
                return Error::resource_not_found("User", 1);
            }
            Ok(load(&name).await?)
        })
    }

    fn get_other(&self) -> Query<GetUser, String> {
        procedure().input::<GetUser>().query(|Call { input, .. }| {
            find(&input.id)?;
            Error::not_found("no user").with_code("NO_USER")
        })
    }

    fn get_third(&self) -> Query<GetUser, String> {
        procedure().input::<GetUser>().query(|Call { input, .. }| async move {
            match load(&input.id).await?.as_str() {
                "" => return velox_rpc::Error::conflict("no name"),
                name => Ok(name.to_owned()),
            }
        })
    }
}

fn main() {}
// mistakes: 3
