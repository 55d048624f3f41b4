//! Checks the settings and builds a manager from valid ones.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{ConfigError, ConfigProblem, DEFAULT_ABSOLUTE, SessionBuilder};
use crate::clock::milliseconds;
use crate::cookie::header::Writer;
use crate::cookie::sign::Signer;
use crate::cookie::{Attributes, COOKIE_LIFE, SameSite};
use crate::event::Events;
use crate::manager::Manager;
use crate::manager::engine::Engine;
use crate::manager::revocations::Revocations;
use crate::origin::{TrustedOrigins, warn_of_dropped_cookie};
use crate::policy::Policy;
use crate::secret::{Secret, Secrets};

impl SessionBuilder {
    /// Checks all settings and builds the [`Manager`], which loads and saves sessions.
    ///
    /// # Errors
    ///
    /// Returns one error that lists every invalid or contradictory setting.
    pub fn build_manager(self) -> Result<Manager, ConfigError> {
        let mut problems = Vec::new();
        let secrets = check_secrets(self.secrets, &mut problems);
        let signer = secrets.split_first().map(|(first, older)| Signer::new(first, older));
        let longest_interval = self.max_age / 10;
        let touch_interval = self.touch_interval.unwrap_or(Duration::from_secs(60).min(longest_interval));
        problems.extend(self.store.is_none().then_some(ConfigProblem::NoStore));
        check_cookie(&self.cookie, &mut problems);
        let is_too_long = |timeout| !ABSOLUTE.contains(&timeout);
        let is_cut_off = !self.sets_absolute && self.max_age > DEFAULT_ABSOLUTE;
        problems.extend(found([
            (!COOKIE_LIFE.contains(&self.max_age), ConfigProblem::MaxAge),
            (self.absolute.is_some_and(is_too_long), ConfigProblem::AbsoluteTimeout),
            (is_cut_off && COOKIE_LIFE.contains(&self.max_age), ConfigProblem::MaxAgeBeyondAbsolute),
            (touch_interval > longest_interval, ConfigProblem::TouchInterval),
            (self.patience.is_zero(), ConfigProblem::Patience),
            (self.size_limit == 0, ConfigProblem::SizeLimit),
            (self.session_limit == Some(0), ConfigProblem::SessionLimit),
        ]));
        let mut trusted = self.trusted;
        check_origins(&trusted, &mut problems);
        let (Some(signer), Some(store), Some(writer), true) =
            (signer, self.store, Writer::new(&self.cookie), problems.is_empty())
        else {
            return Err(ConfigError::new(problems));
        };
        warn(&self.cookie, &mut trusted);
        Ok(Manager::new(Engine {
            prefix: self.cookie.name.as_str().into(),
            name: self.cookie.name,
            signer,
            writer,
            policy: Policy {
                ttl: milliseconds(self.max_age),
                absolute: self.absolute.map(milliseconds),
                touch_interval: milliseconds(touch_interval),
                sliding: self.sliding,
            },
            size_limit: self.size_limit,
            session_limit: self.session_limit,
            limit_is_strict: self.limit_is_strict,
            patience: self.patience,
            origins: (!self.cross_site_mutations).then_some(trusted),
            store,
            clock: self.clock,
            events: Events::new(),
            revocations: Revocations::default(),
            #[cfg(feature = "rpc")]
            watches: std::sync::Arc::default(),
            #[cfg(feature = "rpc")]
            streams_keep_alive: self.streams_keep_alive,
            #[cfg(feature = "tower")]
            plain_http: std::sync::Once::new(),
        }))
    }
}

/// Returns the valid secrets and adds a problem for each invalid one.
pub(crate) fn check_secrets(secrets: Secrets, problems: &mut Vec<ConfigProblem>) -> Vec<Secret> {
    let secrets = secrets.into_vec();
    problems.extend(secrets.is_empty().then_some(ConfigProblem::NoSecret));
    let good = |secret: Result<_, _>| secret.map_err(|error| problems.push(ConfigProblem::Secret(error))).ok();
    secrets.into_iter().filter_map(good).collect()
}

pub(crate) fn check_origins(trusted: &TrustedOrigins, problems: &mut Vec<ConfigProblem>) {
    problems.extend(trusted.strays().cloned().map(|origin| ConfigProblem::TrustedOrigin { origin }));
}

/// Warns about settings that are a mistake in some applications but not in all.
fn warn(cookie: &Attributes, trusted: &mut TrustedOrigins) {
    let is_dropped = cookie.same_site != SameSite::None;
    if is_dropped {
        trusted.warn_of_dropped_cookie();
    }
    let Some(domain) = &cookie.domain else { return };
    if is_dropped {
        trusted.beyond(domain).for_each(|origin| warn_of_dropped_cookie(&origin));
    }
    if prefix(&cookie.name).is_none() {
        let cookie = &cookie.name;
        tracing::warn!(
            cookie,
            domain,
            "any host of the domain can replace a visitor's session: start the cookie name with `__Secure-`"
        );
    }
}

/// Returns the prefix of a cookie name for which browsers have rules. Browsers ignore its case.
fn prefix(name: &str) -> Option<&'static str> {
    let starts_name = |prefix: &&str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    ["__Host-", "__Secure-"].into_iter().find(starts_name)
}

pub(crate) fn check_cookie(cookie: &Attributes, problems: &mut Vec<ConfigProblem>) {
    let Attributes { name, domain, path, secure, same_site, partitioned, .. } = cookie;
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let in_path = |byte: u8| byte.is_ascii_graphic() && byte != b';';
    let in_host = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    let is_host = |domain: &String| !domain.is_empty() && domain.bytes().all(in_host);
    let prefix = prefix(name);
    let is_host_only = prefix == Some("__Host-");
    problems.extend(found([
        (name.is_empty() || !name.bytes().all(in_name), ConfigProblem::CookieName),
        (!path.starts_with('/') || !path.bytes().all(in_path), ConfigProblem::CookiePath),
        (!domain.as_ref().is_none_or(is_host), ConfigProblem::CookieDomain),
        (prefix.is_some() && !secure, ConfigProblem::PrefixNeedsSecure { prefix: prefix.unwrap_or_default() }),
        (is_host_only && path != "/", ConfigProblem::HostPrefixNeedsRoot),
        (is_host_only && domain.is_some(), ConfigProblem::HostPrefixForbidsDomain),
        (*same_site == SameSite::None && !secure, ConfigProblem::SameSiteNoneNeedsSecure),
        (*partitioned && !secure, ConfigProblem::PartitionedNeedsSecure),
    ]));
}

/// Keeps the problems whose condition holds.
fn found(problems: impl IntoIterator<Item = (bool, ConfigProblem)>) -> impl Iterator<Item = ConfigProblem> {
    problems.into_iter().filter_map(|(is_there, problem)| is_there.then_some(problem))
}

const SECOND: Duration = Duration::from_secs(1);
const DAY: u64 = 86_400;
const ABSOLUTE: RangeInclusive<Duration> = SECOND..=Duration::from_secs(3_653 * DAY);
