//! Which links and tasks of the match plans are planned, where that is not all.

use super::checks::ad_key;
use super::matchplan::{AdSelector, LinkSpec, MatchPlan};
use super::settings::Settings;
use super::tasks::{TaskSpec, WorkSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which links and tasks of the match plans are planned. A saved plan remembers it, so that planning again makes the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Only these; empty is all. Each is a name of the AD user or of the cloud user as a section writes it, or an id such as
    /// `corp/jsmith` or `tenant/blockSoftMatchEnabled`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// All but these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// So many links go through a wave of their own first, and a person is asked before the others follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pilot: Option<u32>,
}

impl Selection {
    /// Whether everything is planned, in the usual order.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// What is left of the match plans.
    ///
    /// Errors: the names that no link and no task answers to; going on would leave out what was meant.
    pub fn of(&self, plan: &MatchPlan, settings: &Settings) -> Result<MatchPlan, Vec<String>> {
        let fold = |names: &[String]| names.iter().map(|name| name.to_lowercase()).collect::<BTreeSet<_>>();
        let (only, exclude) = (fold(&self.only), fold(&self.exclude));
        let mut known = BTreeSet::new();
        let mut wanted = |names: BTreeSet<String>| {
            let is_named = |list: &BTreeSet<String>| list.iter().any(|name| names.contains(name));
            let keep = (only.is_empty() || is_named(&only)) && !is_named(&exclude);
            known.extend(names);
            keep
        };
        let links = plan.links.iter().filter(|link| wanted(link_names(link, settings))).cloned().collect();
        let tasks = plan.tasks.iter().filter(|task| wanted(task_names(task, settings))).cloned().collect();
        let given = self.only.iter().chain(&self.exclude);
        let unknown: Vec<String> = given.filter(|name| !known.contains(&name.to_lowercase())).cloned().collect();
        if unknown.is_empty() { Ok(MatchPlan { links, tasks, ..plan.clone() }) } else { Err(unknown) }
    }
}

/// Every name that a link answers to, in lower case.
fn link_names(link: &LinkSpec, settings: &Settings) -> BTreeSet<String> {
    side_names(&link.ad, link.cloud.to_string(), settings)
}

fn side_names(ad: &AdSelector, cloud: String, settings: &Settings) -> BTreeSet<String> {
    let mut names = BTreeSet::from([ad.to_string(), cloud]);
    if let AdSelector::Sam { domain, sam } = ad_key(ad, Some(settings)) {
        names.insert(sam.to_string());
        names.extend(domain.iter().flat_map(|domain| [format!("{domain}/{sam}"), format!("{domain}\\{sam}")]));
    }
    names.into_iter().map(|name| name.to_lowercase()).collect()
}

fn task_names(task: &TaskSpec, settings: &Settings) -> BTreeSet<String> {
    let (kind, name) = match &task.work {
        WorkSpec::Join { ad, cloud, .. } => {
            let mut names = side_names(ad, cloud.to_string(), settings);
            names.insert(format!("link/{}", ad.to_string().replace('\\', "/")).to_lowercase());
            return names;
        }
        WorkSpec::Unlink { cloud, .. } => ("unlink", cloud.to_string()),
        WorkSpec::Restore { user, .. } | WorkSpec::Purge { user } => ("deleted", user.to_string()),
        WorkSpec::Feature { feature, .. } => ("tenant", feature.to_string()),
    };
    BTreeSet::from([name.to_lowercase(), format!("{kind}/{name}").to_lowercase()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read;

    const SETTINGS: &str = "version = 1\n[entra]\ntenant = 'contoso.onmicrosoft.com'\n[[ad]]\nname = 'corp'\n\
        url = 'ldaps://dc'\nbase_dn = 'DC=corp'\nuser = 'u'\npassword = 'prompt'\n";
    const PLAN: &str = "version = 1\n[[link]]\nad = 'JSmith'\ncloud = 'john@contoso.com'\n[[link]]\nad = 'corp\\jdoe'\n\
        cloud = 'jane@contoso.com'\n[[unlink]]\ncloud = 'old@contoso.com'\nmethod = 'clear'\n[tenant]\nblockSoftMatchEnabled = true\n";

    fn selected(only: &[&str], exclude: &[&str]) -> Result<(usize, usize), Vec<String>> {
        let (config, found, _) = read(("m", SETTINGS), &[("p", PLAN)]);
        let config = config.unwrap_or_else(|| panic!("{found:?}"));
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let selection = Selection { only: owned(only), exclude: owned(exclude), pilot: None };
        selection.of(&config.plan, &config.settings).map(|plan| (plan.links.len(), plan.tasks.len()))
    }

    #[test]
    fn a_link_answers_to_each_of_its_names() {
        for name in ["jsmith", "corp/jsmith", "CORP\\jsmith", "John@contoso.com"] {
            assert_eq!(selected(&[name], &[]), Ok((1, 0)), "{name}");
        }
        assert_eq!(selected(&[], &["corp/jdoe"]), Ok((1, 2)));
        assert_eq!(selected(&["unlink/old@contoso.com", "jdoe"], &[]), Ok((1, 1)));
        assert_eq!(selected(&["tenant/blocksoftmatchenabled"], &[]), Ok((0, 1)));
        assert_eq!(selected(&["jdoe"], &["jdoe"]), Ok((0, 0)));
        assert_eq!(selected(&[], &[]), Ok((2, 2)));
    }

    #[test]
    fn a_name_that_nobody_has_is_an_error() {
        assert_eq!(selected(&["jsmiht", "jdoe"], &["nobody"]), Err(vec!["jsmiht".to_owned(), "nobody".to_owned()]));
    }
}
