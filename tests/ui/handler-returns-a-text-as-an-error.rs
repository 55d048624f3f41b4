use velox_rpc::{Call, Query, procedure, router, schema};

struct Users;

#[schema]
pub struct GetUser {
    pub id: String,
}

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|Call { .. }| Ok(1))
    }

    fn get_user(&self) -> Query<GetUser, String> {
        procedure().input::<GetUser>().query(async |Call { input, .. }| {
            if input.id.is_empty() {
                return Err("no id");
            }
            Ok(input.id)
        })
    }

    fn get_other(&self) -> Query<GetUser, String> {
        procedure().input::<GetUser>().query(|Call { input, .. }| {
            if input.id.is_empty() {
                return Err(format!("no id: {}", input.id));
            }
            Ok(input.id)
        })
    }

    fn get_third(&self) -> Query<GetUser, String> {
        procedure().input::<GetUser>().query(async |Call { input, .. }| match input.id.as_str() {
            "" => Err("no id"),
            id => Ok(id.to_owned()),
        })
    }
}

fn main() {}
// mistakes: 3
