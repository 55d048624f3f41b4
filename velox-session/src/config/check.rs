//! Checks settings, and makes a manager of those that agree.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{ConfigError, ConfigProblem, SessionBuilder};
use crate::clock::milliseconds;
use crate::cookie::header::Writer;
use crate::cookie::sign::Signer;
use crate::cookie::{Attributes, COOKIE_LIFE, SameSite};
use crate::event::Events;
use crate::manager::Manager;
use crate::manager::engine::{Engine, SessionLimit};
use crate::manager::revocations::Revocations;
use crate::origin::{TrustedOrigins, warn_of_dropped_cookie};
use crate::policy::Policy;
use crate::secret::{Secret, Secrets};

impl SessionBuilder {
    /// Checks the settings, and makes what opens and saves sessions.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the settings, at once.
    pub fn build_manager(self) -> Result<Manager, ConfigError> {
        let mut problems = Vec::new();
        let secrets = check_secrets(self.secrets, &mut problems);
        let signer = secrets.split_first().map(|(first, older)| Signer::new(first, older));
        if self.store.is_none() {
            problems.push(ConfigProblem::NoStore);
        }
        check_cookie(&self.cookie, &mut problems);
        if !COOKIE_LIFE.contains(&self.max_age) {
            problems.push(ConfigProblem::MaxAge);
        }
        if self.absolute.is_some_and(|timeout| !ABSOLUTE.contains(&timeout)) {
            problems.push(ConfigProblem::AbsoluteTimeout);
        }
        let longest_interval = self.max_age / 10;
        let touch_interval = self.touch_interval.unwrap_or(Duration::from_secs(60).min(longest_interval));
        if touch_interval > longest_interval {
            problems.push(ConfigProblem::TouchInterval);
        }
        if self.patience.is_zero() {
            problems.push(ConfigProblem::Patience);
        }
        if self.size_limit == 0 {
            problems.push(ConfigProblem::SizeLimit);
        }
        if self.session_limit == SessionLimit::Set(0) {
            problems.push(ConfigProblem::SessionLimit);
        }
        let mut trusted = self.trusted;
        check_origins(&mut trusted, &mut problems);
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
            patience: self.patience,
            origins: (!self.cross_site_mutations).then_some(trusted),
            store,
            clock: self.clock,
            events: Events::new(),
            revocations: Revocations::new(),
        }))
    }
}

/// The secrets, if all are good and there is one.
pub(crate) fn check_secrets(secrets: Secrets, problems: &mut Vec<ConfigProblem>) -> Vec<Secret> {
    let secrets = secrets.into_checked();
    if secrets.as_ref().is_ok_and(Vec::is_empty) {
        problems.push(ConfigProblem::NoSecret);
    }
    secrets.unwrap_or_else(|errors| {
        problems.extend(errors.into_iter().map(ConfigProblem::Secret));
        Vec::new()
    })
}

pub(crate) fn check_origins(trusted: &mut TrustedOrigins, problems: &mut Vec<ConfigProblem>) {
    problems.extend(trusted.take_strays().into_iter().map(|origin| ConfigProblem::TrustedOrigin { origin }));
}

/// Warns of what is no mistake in every application.
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
            "any host of the domain can put another session in front: name the cookie `__Secure-…`"
        );
    }
}

/// The prefix of a cookie's name that has rules. Browsers compare without regard to case.
fn prefix(name: &str) -> Option<&'static str> {
    let starts_name = |prefix: &&str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    ["__Host-", "__Secure-"].into_iter().find(starts_name)
}

pub(crate) fn check_cookie(cookie: &Attributes, problems: &mut Vec<ConfigProblem>) {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if cookie.name.is_empty() || !cookie.name.bytes().all(token) {
        problems.push(ConfigProblem::CookieName);
    }
    if !cookie.path.starts_with('/') || !cookie.path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';') {
        problems.push(ConfigProblem::CookiePath);
    }
    let host = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    if cookie.domain.as_ref().is_some_and(|domain| domain.is_empty() || !domain.bytes().all(host)) {
        problems.push(ConfigProblem::CookieDomain);
    }
    let prefix = prefix(&cookie.name);
    if let Some(prefix) = prefix
        && !cookie.secure
    {
        problems.push(ConfigProblem::PrefixNeedsSecure { prefix });
    }
    if prefix == Some("__Host-") {
        if cookie.path != "/" {
            problems.push(ConfigProblem::HostPrefixNeedsRoot);
        }
        if cookie.domain.is_some() {
            problems.push(ConfigProblem::HostPrefixForbidsDomain);
        }
    }
    if cookie.same_site == SameSite::None && !cookie.secure {
        problems.push(ConfigProblem::SameSiteNoneNeedsSecure);
    }
    if cookie.partitioned && !cookie.secure {
        problems.push(ConfigProblem::PartitionedNeedsSecure);
    }
}

const SECOND: Duration = Duration::from_secs(1);
const DAY: u64 = 86_400;
const ABSOLUTE: RangeInclusive<Duration> = SECOND..=Duration::from_secs(3_653 * DAY);
