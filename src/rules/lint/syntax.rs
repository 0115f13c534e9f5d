//! The form of addresses and domains.
//!
//! Sources: RFC 2822 section 3.4.1 (`dot-atom "@" domain`, the form that IdFix checked for), RFC 1035 section 2.3.4
//! (labels), RFC 6761 and RFC 6762 (names that never lead anywhere on the internet).

/// Endings that no public domain has, so that none can be verified in a tenant. Deliberately no list of the endings that
/// exist: new ones come every year.
const PRIVATE: [&str; 16] = [
    "local",
    "localhost",
    "localdomain",
    "internal",
    "intranet",
    "intern",
    "private",
    "lan",
    "corp",
    "home",
    "home.arpa",
    "domain",
    "test",
    "example",
    "invalid",
    "workgroup",
];

/// Characters that RFC 2822 lets stand in the part before `@`, besides letters, digits and single dots (`atext`).
const ATEXT: &str = "!#$%&'*+-/=?^_`{|}~";

/// The parts before and after the only `@`; `None` if there is not exactly one, or nothing on one side of it.
pub fn split(address: &str) -> Option<(&str, &str)> {
    let (local, domain) = address.split_once('@')?;
    (!local.is_empty() && !domain.is_empty() && !domain.contains('@')).then_some((local, domain))
}

/// Whether a character may stand before `@` in an e-mail address.
pub fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '.' || ATEXT.contains(c)
}

/// Whether a character may stand in a domain.
pub const fn is_domain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.')
}

/// What is wrong with the dots of a part before `@`.
pub fn local_dots(local: &str) -> Option<&'static str> {
    if local.starts_with('.') {
        Some("the part before @ begins with a dot")
    } else if local.ends_with('.') {
        Some("the part before @ ends with a dot")
    } else if local.contains("..") {
        Some("the part before @ has two dots in a row")
    } else {
        None
    }
}

/// What is wrong with the form of a domain whose characters are fine.
pub fn domain_form(domain: &str) -> Option<&'static str> {
    for label in domain.split('.') {
        if label.is_empty() {
            return Some("a part of the domain is empty");
        }
        if label.len() > 63 {
            return Some("a part of the domain is longer than 63 characters");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Some("a part of the domain begins or ends with a hyphen");
        }
    }
    None
}

/// Whether a domain could be one of the internet: it has a dot, its last part is no number, and it ends in nothing that
/// is set aside for private use. Whether it exists, only the tenant's list of verified domains can say.
pub fn is_routable(domain: &str) -> bool {
    let domain = domain.to_lowercase();
    let Some((_, last)) = domain.rsplit_once('.') else { return false };
    let private = PRIVATE.iter().any(|end| domain.strip_suffix(end).is_some_and(|rest| rest.ends_with('.')));
    !private && last.chars().any(|c| !c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_at_sign_with_something_on_both_sides() {
        assert_eq!(split("a@b"), Some(("a", "b")));
        for bad in ["", "a", "@b", "a@", "a@b@c", "a@@b"] {
            assert_eq!(split(bad), None, "{bad}");
        }
    }

    #[test]
    fn routable_is_decided_without_a_list_of_endings() {
        for good in ["contoso.com", "contoso.photography", "a.b.c.museum", "corp.contoso.com", "xn--j1amh.xn--p1ai"] {
            assert!(is_routable(good), "{good}");
        }
        for bad in ["contoso", "contoso.local", "Contoso.LOCAL", "corp.internal", "x.lan", "a.home.arpa", "10.0.0.1"] {
            assert!(!is_routable(bad), "{bad}");
        }
    }

    #[test]
    fn labels_have_a_form() {
        let label = "a".repeat(63);
        assert_eq!(domain_form(&format!("{label}.com")), None);
        assert!(domain_form(&format!("{label}a.com")).is_some());
        for bad in ["a..b", ".a", "a.", "-a.b", "a-.b"] {
            assert!(domain_form(bad).is_some(), "{bad}");
        }
    }
}
