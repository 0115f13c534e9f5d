//! Request controls: which the lab knows, and what a request's controls ask for.
#![expect(clippy::no_effect_underscore_binding, reason = "the code that rasn derives has such bindings")]

use super::refusal::{Outcome, Refusal};
use rasn::prelude::*;
use rasn_ldap::Control;

/// Simple paged results (RFC 2696).
pub const PAGED: &str = "1.2.840.113556.1.4.319";
/// Show deleted objects.
const SHOW_DELETED: &str = "1.2.840.113556.1.4.417";
/// Which parts of a security descriptor to return. The lab has no security descriptors.
const SD_FLAGS: &str = "1.2.840.113556.1.4.801";
/// Delete an entry with all below it.
const TREE_DELETE: &str = "1.2.840.113556.1.4.805";
/// Return no references to other naming contexts.
const DOMAIN_SCOPE: &str = "1.2.840.113556.1.4.1339";
/// Search options; its first flag is the domain scope.
const SEARCH_OPTIONS: &str = "1.2.840.113556.1.4.1340";
/// Adding a present value and deleting an absent one succeed.
const PERMISSIVE_MODIFY: &str = "1.2.840.113556.1.4.1413";
/// Show recycled objects. See [`SHOW_DELETED`].
const SHOW_RECYCLED: &str = "1.2.840.113556.1.4.2064";

/// What rootDSE lists as `supportedControl`.
pub const SUPPORTED: [&str; 8] =
    [PAGED, SHOW_DELETED, SD_FLAGS, TREE_DELETE, DOMAIN_SCOPE, SEARCH_OPTIONS, PERMISSIVE_MODIFY, SHOW_RECYCLED];

/// The value of the paged results control, in requests and in answers.
#[derive(AsnType, Encode, Decode, Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The most entries that a page may hold; in an answer an estimate of all, 0 for unknown.
    pub size: i64,
    /// Where the page starts; empty on the first page, and after the last.
    pub cookie: OctetString,
}

#[derive(AsnType, Encode, Decode)]
struct SearchOptions {
    flags: i64,
}

/// The controls of one request, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a control")]
pub struct Controls {
    /// The page that a search asks for.
    pub page: Option<Page>,
    /// Whether a search wants no references.
    pub domain_scope: bool,
    /// Whether a modify forgives values that are there, or gone, already.
    pub permissive_modify: bool,
    /// Whether deleted objects are there, too.
    pub show_deleted: bool,
    /// Whether a delete takes everything below along.
    pub tree_delete: bool,
}

impl Controls {
    /// Reads the controls of a request. A critical control that the lab does not know is refused, any other is ignored
    /// (RFC 4511 section 4.1.11).
    pub fn read(sent: &[Control]) -> Outcome<Self> {
        let mut controls = Self::default();
        for control in sent {
            let value = control.control_value.as_deref().unwrap_or_default();
            match std::str::from_utf8(&control.control_type).unwrap_or_default() {
                PAGED => controls.page = Some(rasn::ber::decode(value).map_err(|_| Refusal::bad_control())?),
                DOMAIN_SCOPE => controls.domain_scope = true,
                SEARCH_OPTIONS => {
                    let options: SearchOptions = rasn::ber::decode(value).map_err(|_| Refusal::bad_control())?;
                    controls.domain_scope |= options.flags & 1 != 0;
                }
                PERMISSIVE_MODIFY => controls.permissive_modify = true,
                TREE_DELETE => controls.tree_delete = true,
                SHOW_DELETED | SHOW_RECYCLED => controls.show_deleted = true,
                SD_FLAGS => {}
                _ if control.criticality => return Err(Refusal::bad_control()),
                _ => {}
            }
        }
        Ok(controls)
    }
}

/// The paged results control of an answer. An empty cookie says that this was the last page.
pub fn page_answer(cookie: &[u8]) -> Option<Control> {
    let page = Page { size: 0, cookie: cookie.into() };
    let value = rasn::ber::encode(&page).ok()?;
    Some(Control::new(PAGED.as_bytes().into(), false, Some(value.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(oid: &str, critical: bool) -> Control {
        Control::new(oid.as_bytes().into(), critical, None)
    }

    #[test]
    fn only_a_critical_unknown_control_is_refused() {
        assert_eq!(Controls::read(&[control("1.2.3", false)]), Ok(Controls::default()));
        assert_eq!(Controls::read(&[control("1.2.3", true)]), Err(Refusal::bad_control()));
        assert!(Controls::read(&[control(DOMAIN_SCOPE, true)]).unwrap().domain_scope);
    }

    #[test]
    fn a_page_control_with_nonsense_for_a_value_is_refused() {
        let sent = Control::new(PAGED.as_bytes().into(), false, Some(vec![1, 2, 3].into()));
        assert_eq!(Controls::read(&[sent]), Err(Refusal::bad_control()));
    }
}
