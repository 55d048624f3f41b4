use velox_rpc::{Result, middleware};

#[middleware]
pub async fn tenant() -> Result<String> {
    Ok(String::from("default"))
}

fn main() {}
