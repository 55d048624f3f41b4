//! Describes credentials as security schemes. Each credential gets a unique name.

use serde_json::{Map, Value, json};

use crate::export::schemas::free_name;
use crate::procedure::{Credential, Demands};
use crate::router::ManifestEntry;

/// The credentials of all procedures with a route, and the names of their schemes.
pub(super) struct Schemes(Vec<(String, Credential)>);

impl Schemes {
    pub(super) fn of(entries: &[ManifestEntry]) -> Self {
        let mut schemes = Self(Vec::new());
        for demands in entries.iter().filter(|entry| entry.rest().is_some()).map(ManifestEntry::demands) {
            demands.required().iter().chain(demands.accepted()).for_each(|credential| schemes.add(credential));
        }
        schemes
    }

    fn add(&mut self, credential: &Credential) {
        if self.0.iter().any(|(_, known)| known == credential) {
            return;
        }
        let name = free_name(&scheme_name(credential), "", |name| self.0.iter().any(|(taken, _)| taken == name));
        self.0.push((name, credential.clone()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn to_value(&self) -> Value {
        let schemes = self.0.iter().map(|(name, credential)| (name.clone(), scheme(credential)));
        Value::Object(schemes.collect())
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
        let names = credentials.filter_map(|credential| self.0.iter().find(|(_, known)| known == credential));
        Value::Object(names.map(|(name, _)| (name.clone(), json!([]))).collect::<Map<_, _>>())
    }
}

fn scheme(credential: &Credential) -> Value {
    let (place, name) = match credential {
        Credential::Cookie(name) => ("cookie", name),
        Credential::Header(name) => ("header", name),
    };
    json!({"type": "apiKey", "in": place, "name": name})
}

/// Returns the name of a scheme. It omits the prefix of a cookie name, which only tells browsers
/// how to treat the cookie.
fn scheme_name(credential: &Credential) -> String {
    let (Credential::Cookie(name) | Credential::Header(name)) = credential;
    let bare = ["__Host-", "__Secure-"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || ['.', '_', '-'].contains(&letter);
    bare.chars().map(|letter| if is_allowed(letter) { letter } else { '_' }).collect()
}
