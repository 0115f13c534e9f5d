//! What a credential really carries, as its access token says.

use std::collections::BTreeSet;

/// Permissions and directory roles in an access token. A token is made for a while: what was granted or taken since does
/// not show before the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// Whether it speaks for an application, and not for a signed-in user.
    pub app_only: bool,
    /// Graph's permissions: application permissions, or the scopes that were delegated.
    pub permissions: BTreeSet<String>,
    /// The template ids of the directory roles over the whole tenant (`wids`). Roles with a smaller scope are not in
    /// tokens.
    pub role_templates: BTreeSet<String>,
}

impl Granted {
    /// Whether any of these permissions is carried. Letter case does not count.
    pub fn permits(&self, any_of: &[&str]) -> bool {
        self.permissions.iter().any(|have| any_of.iter().any(|wanted| have.eq_ignore_ascii_case(wanted)))
    }

    /// Whether the directory role with this template id is held over the whole tenant.
    pub fn has_role(&self, template: &str) -> bool {
        self.role_templates.iter().any(|have| have.eq_ignore_ascii_case(template))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letter_case_does_not_count() {
        let one = |text: &str| BTreeSet::from([text.to_owned()]);
        let granted = Granted { app_only: true, permissions: one("User.Read.All"), role_templates: one("62E9") };
        assert!(granted.permits(&["Directory.Read.All", "user.read.all"]) && granted.has_role("62e9"));
        assert!(!granted.permits(&["User.ReadWrite.All"]) && !granted.permits(&[]) && !granted.has_role("x"));
    }
}
