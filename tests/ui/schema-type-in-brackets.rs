use velox_rpc::schema;

#[schema]
pub struct SignUp {
    pub name: Option[String],
}

fn main() {}
