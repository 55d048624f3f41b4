//! Describes credentials as security schemes. Each credential gets a unique name.

use serde_json::{Map, Value, json};

use crate::export::schemas::free_name;
use crate::procedure::{Credential, Demands};
use crate::router::ManifestEntry;

/// The credentials of all procedures with a route.
pub(super) struct Schemes(Vec<Scheme>);

struct Scheme {
    name: String,
    credential: Credential,
    description: Option<String>,
}

impl Schemes {
    pub(super) fn of(entries: &[ManifestEntry]) -> Self {
        let mut schemes = Self(Vec::new());
        for demands in entries.iter().filter(|entry| entry.rest().is_some()).map(ManifestEntry::demands) {
            let credentials = demands.required().iter().chain(demands.accepted());
            credentials.for_each(|credential| schemes.add(credential, demands.description(credential)));
        }
        schemes
    }

    fn add(&mut self, credential: &Credential, description: Option<&str>) {
        let description = description.map(str::to_owned);
        if let Some(known) = self.0.iter_mut().find(|scheme| scheme.credential == *credential) {
            known.description = known.description.take().or(description);
            return;
        }
        let name = free_name(&scheme_name(credential), "", |name| self.0.iter().any(|taken| taken.name == name));
        self.0.push(Scheme { name, credential: credential.clone(), description });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn to_value(&self) -> Value {
        Value::Object(self.0.iter().map(|scheme| (scheme.name.clone(), scheme.to_value())).collect())
    }

    /// Returns the security requirements of an operation. A caller has to meet one of them. An
    /// empty list means that the operation is open.
    pub(super) fn requirements(&self, demands: &Demands) -> Value {
        let (required, accepted) = (demands.required(), demands.accepted());
        let least = || self.requirement(required.iter());
        match (required, accepted) {
            ([], []) => json!([]),
            (_, []) => json!([least()]),
            _ => json!([least(), self.requirement(required.iter().chain(accepted))]),
        }
    }

    fn requirement<'a>(&self, credentials: impl Iterator<Item = &'a Credential>) -> Value {
        let schemes =
            credentials.filter_map(|credential| self.0.iter().find(|scheme| scheme.credential == *credential));
        Value::Object(schemes.map(|scheme| (scheme.name.clone(), json!([]))).collect::<Map<_, _>>())
    }
}

impl Scheme {
    fn to_value(&self) -> Value {
        let (place, name) = match &self.credential {
            Credential::Cookie(name) => ("cookie", name),
            Credential::Header(name) => ("header", name),
        };
        let mut value = json!({"type": "apiKey", "in": place, "name": name});
        if let Some(description) = &self.description {
            value["description"] = json!(description);
        }
        value
    }
}

/// Returns the name of a scheme. It omits the prefix of a cookie name, which only tells browsers
/// how to treat the cookie.
fn scheme_name(credential: &Credential) -> String {
    let (Credential::Cookie(name) | Credential::Header(name)) = credential;
    let bare = ["__Host-", "__Secure-"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || ['.', '_', '-'].contains(&letter);
    bare.chars().map(|letter| if is_allowed(letter) { letter } else { '_' }).collect()
}
