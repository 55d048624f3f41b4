use velox_rpc::procedure;
use velox_rpc::procedure::guard;

fn main() {
    let api_key = guard("apiKey", |request| request.header("x-api-key").is_some());
    let _ = procedure::<()>().guards((api_key, "openHours")).query(|_| Ok(42));
}
