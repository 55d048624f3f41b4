use velox_rpc::schema;

#[schema]
pub struct SignUp {
    #[validate(email)]
    pub email: String
    #[validate(length(min = 1))]
    pub name: String
    pub plan: Plan,
}

#[schema]
pub enum Plan {
    Free
    #[serde(rename = "business")]
    Pro { seats: u32 }
    Custom(String),
}

pub fn shown(input: &SignUp) -> String {
    match input.plan {
        Plan::Pro { seats } => format!("{}, {}, {seats}", input.name, input.email),
        Plan::Free | Plan::Custom(_) => input.name.clone(),
    }
}

fn main() {}
// mistakes: 4
