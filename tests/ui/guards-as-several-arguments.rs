use velox_rpc::{Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn list_users(&self) -> Query<(), u32> {
        let api_key = velox_rpc::procedure::guard("apiKey", |request| request.header("x-api-key").is_some());
        let open_hours = velox_rpc::procedure::guard("openHours", |_| true);
        procedure().guards(api_key, open_hours).query(|_| Ok(42))
    }
}

fn main() {}
