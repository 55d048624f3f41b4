use velox_rpc::{Result, middleware};

#[middleware]
pub async fn tenant(&self) -> Result<String> {
    Ok(String::from("default"))
}

fn main() {}
