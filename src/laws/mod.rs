//! What must hold whatever comes in: one function per kind of input, which takes any octets and panics where a law is
//! broken.
//!
//! The same functions are run by `fuzz/` (libFuzzer, with coverage) and by this crate's own tests (the seeds, damaged
//! seeds, and mere octets). Built only for these two; nothing of it is in the program.
//!
//! | file | laws of |
//! |---|---|
//! | [`written`] | what people write: configuration, recipients, a pasted message, filters, the lab's world |
//! | [`kept`] | what the program keeps: saved plan, state, journal, snapshot |
//! | [`names`] | names and ids: DN, addresses, UPN, anchors, SIDs |
//! | [`answers`] | what servers send: LDAP entries, Graph's JSON and errors, `Retry-After` |
//! | [`asked`] | what the lab's servers are asked: LDAP messages, URLs, `$filter` |
//! | [`shown`] | what may reach a terminal |

pub mod answers;
pub mod asked;
pub mod kept;
pub mod names;
pub mod shown;
#[cfg(test)]
mod tests;
pub mod written;

/// A law: any octets in, a panic where it is broken.
pub type Law = fn(&[u8]);

/// Every law by the name of its fuzz target and of its folder of seeds.
pub const ALL: [(&str, Law); 17] = [
    ("config", written::config),
    ("recipients", written::recipients),
    ("explain", written::explain),
    ("given_filter", written::given_filter),
    ("lab_world", written::lab_world),
    ("plan", kept::plan),
    ("state", kept::state),
    ("journal", kept::journal),
    ("snapshot", kept::snapshot),
    ("dn", names::dn),
    ("ids", names::ids),
    ("ldap_value", names::ldap_value),
    ("ldap_entry", answers::ldap_entry),
    ("graph", answers::graph),
    ("lab_ldap", asked::lab_ldap),
    ("lab_graph", asked::lab_graph),
    ("lab_filter", asked::lab_filter),
];
