//! Bind: who is asking.

use super::forest::stored_text;
use super::refusal::{Outcome, Refusal};
use super::target::Target;
use crate::lab::world::World;
use rasn_ldap::{AuthenticationChoice, BindRequest};
use secrecy::{ExposeSecret, SecretString};

/// The one account that can bind.
#[derive(Debug)]
pub struct Account {
    /// Its full DN.
    pub dn: String,
    /// Its user principal name.
    pub upn: String,
    /// Its password.
    pub password: SecretString,
}

/// Who a connection speaks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Who {
    /// Nobody: only the rootDSE can be read.
    #[default]
    Anonymous,
    /// The lab's account.
    Account,
}

/// Answers a bind. A failed bind leaves the connection anonymous (RFC 4511 section 4.2.1).
///
/// A name with an empty password is refused: AD would let it in as nobody (RFC 4513 section 5.1.2), and a client that
/// takes that for success is what a lab should catch.
pub fn bind(world: &World, account: &Account, request: &BindRequest, needs_encryption: bool) -> Outcome<Who> {
    if request.version != 3 {
        return Err(Refusal::protocol("Only LDAP version 3 is spoken"));
    }
    let AuthenticationChoice::Simple(password) = &request.authentication else {
        return Err(Refusal::unknown_bind_method());
    };
    let name = request.name.as_str();
    if name.is_empty() && password.is_empty() {
        return Ok(Who::Anonymous);
    }
    if needs_encryption {
        return Err(Refusal::encryption_required());
    }
    let expected = account.password.expose_secret().as_bytes();
    let is_right = !password.is_empty() && **password == *expected && names(world, account, name);
    if is_right { Ok(Who::Account) } else { Err(Refusal::bad_credentials()) }
}

/// Whether a bind name means the account: its DN, its UPN, or `NETBIOS\sAMAccountName`.
fn names(world: &World, account: &Account, name: &str) -> bool {
    if name.eq_ignore_ascii_case(&account.upn) || name.eq_ignore_ascii_case(&down_level(world, account)) {
        return true;
    }
    matches!((Target::parse(name), Target::parse(&account.dn)), (Ok(given), Ok(own)) if given == own)
}

/// `NETBIOS\sAMAccountName`. An account that the world does not hold has the first part of its UPN for a name.
pub fn down_level(world: &World, account: &Account) -> String {
    let Ok(Target::Dn(dn)) = Target::parse(&account.dn) else { return account.upn.clone() };
    let domain = world.ad.iter().filter(|domain| dn.is_under(&domain.base_dn));
    let Some(domain) = domain.max_by_key(|domain| domain.base_dn.as_str().len()) else { return account.upn.clone() };
    let entry = domain.entries.iter().find(|entry| entry.dn == dn);
    let sam = entry.and_then(|entry| stored_text(entry, "sAMAccountName"));
    let sam = sam.unwrap_or_else(|| account.upn.split('@').next().unwrap_or_default().to_owned());
    format!("{}\\{sam}", domain.netbios_name)
}
