//! How a scenario is written. A key that is not in here is an error.
//!
//! What a scenario does not say is plain: `jane` in AD and in the cloud, with one name and one primary address on both
//! sides, the AD user staged outside of the scope and moved into it by the link.

use serde::Deserialize;
use std::collections::BTreeMap;

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub scenario: Vec<Scenario>,
}

/// One row of the documents: a world, a link, what is expected of both.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub name: String,
    /// The document, by its title, with its address where that is public.
    pub source: String,
    /// Rules of `tests/rulebook.toml`.
    pub rules: Vec<String>,

    /// AD users by account name.
    #[serde(default)]
    pub ad: BTreeMap<String, Ad>,
    /// Cloud users by a short name.
    #[serde(default)]
    pub cloud: BTreeMap<String, Cloud>,
    /// Groups and contacts of the cloud and of AD.
    #[serde(default)]
    pub group: BTreeMap<String, Holder>,
    #[serde(default)]
    pub contact: BTreeMap<String, Holder>,
    #[serde(default)]
    pub ad_group: BTreeMap<String, Holder>,
    #[serde(default)]
    pub ad_contact: BTreeMap<String, Holder>,
    /// The tenant's switches, in Graph's spelling.
    #[serde(default)]
    pub switches: toml::Table,
    /// Graph permissions that the credential lacks.
    #[serde(default)]
    pub without: Vec<String>,
    /// `mS-DS-ConsistencyGuid` if not said.
    pub source_anchor: Option<String>,
    #[serde(default)]
    pub password_hash_sync: bool,
    /// Whether the tenant has Privileged Identity Management.
    #[serde(default = "yes")]
    pub pim: bool,
    /// The scheduler can be held.
    #[serde(default)]
    pub hold: bool,
    /// Cycles that ran before.
    #[serde(default)]
    pub cycles_before: usize,
    /// What changed between those cycles and the plan, by name.
    #[serde(default)]
    pub then: BTreeMap<String, Then>,

    /// Keys of the link besides `ad = "jane"` and `cloud = "jane"`.
    #[serde(default)]
    pub link: toml::Table,
    /// Brakes that are lifted.
    #[serde(default)]
    pub allow: Vec<String>,

    /// `linked KEY`, `unproven KEY`, `error NAME`, `duplicate [NAME]`, `wrong-target`, `restored`, `not-evaluated`,
    /// `not-synced`; `none` if the link is blocked before it is judged; `linked already`.
    pub prediction: String,
    /// Words that the prediction's reason must have.
    #[serde(default)]
    pub because: Vec<String>,
    /// The link's findings as `SEVERITY CODE [MICROSOFT'S ERROR]`: all errors, and those others that matter here.
    #[serde(default)]
    pub findings: Vec<String>,
    /// Findings about the plan as a whole, those that matter here.
    #[serde(default)]
    pub plan_findings: Vec<String>,
    /// What the cycle does with AD's jane: `OUTCOME [CLOUD USER] [ERROR]`; `new` is a cloud user that was not there.
    pub result: String,
    /// Cloud users after the cycle.
    #[serde(default)]
    pub after: BTreeMap<String, After>,
}

/// An AD user. An empty text is no value.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ad {
    pub sam: Option<String>,
    pub cn: Option<String>,
    pub upn: Option<String>,
    pub mail: Option<String>,
    pub addresses: Option<Vec<String>>,
    pub nickname: Option<String>,
    pub display_name: Option<String>,
    pub class: Option<String>,
    #[serde(default)]
    pub in_scope: bool,
    #[serde(default)]
    pub disabled: bool,
    #[serde(default)]
    pub admin_count: bool,
    /// The value of `isCriticalSystemObject`.
    pub critical: Option<bool>,
    pub recipient_type: Option<i64>,
    /// Whose objectGUID stands in `mS-DS-ConsistencyGuid`; any name that is no AD user stands for one that is gone.
    pub consistency_of: Option<String>,
    /// Octets in hexadecimal.
    pub consistency_hex: Option<String>,
}

/// A cloud user. An empty text is no value.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cloud {
    pub upn: Option<String>,
    pub mail: Option<String>,
    pub addresses: Option<Vec<String>>,
    pub display_name: Option<String>,
    pub immutable_id: Option<String>,
    /// Whose anchor is the ImmutableID.
    pub anchor_of: Option<String>,
    /// Whose objectGUID is the onPremisesObjectIdentifier.
    pub identifier_of: Option<String>,
    /// Whose SID is the onPremisesSecurityIdentifier.
    pub sid_of: Option<String>,
    /// The source of authority was moved to the cloud.
    #[serde(default, rename = "cloud_managed")]
    pub keeps_authority: bool,
    /// In the recycle bin.
    #[serde(default)]
    pub deleted: bool,
    /// Roles as `NAME` or `NAME at ADMINISTRATIVE UNIT`.
    #[serde(default)]
    pub roles: Vec<String>,
    #[serde(default)]
    pub eligible: Vec<String>,
    #[serde(default)]
    pub activated: Vec<String>,
    /// Groups that it is a member of.
    #[serde(default)]
    pub member_of: Vec<String>,
    /// Groups that it may become a member of.
    #[serde(default)]
    pub eligible_member_of: Vec<String>,
}

/// A group or contact.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    #[serde(default)]
    pub addresses: Vec<String>,
    #[serde(default)]
    pub synced: bool,
    /// An AD group or contact that came after the last cycle.
    #[serde(default)]
    pub comes_late: bool,
    /// Roles that it brings its members.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// What happened to an AD user and its cloud user of the same name between the cycles before and the plan, in this order.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Then {
    /// The AD user leaves the scope, one more cycle runs, and it is back where it was.
    #[serde(default)]
    pub leaves_scope: bool,
    /// This cloud user is restored from the recycle bin by hand; the AD user that it belonged to stays staged.
    pub restored: Option<String>,
    #[serde(default)]
    pub gets_roles: Vec<String>,
}

/// What a cloud user is after the cycle; what is not said is not looked at. In `upn`, `#` is any digit.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    pub upn: Option<String>,
    pub mail: Option<String>,
    pub display_name: Option<String>,
    pub addresses: Option<Vec<String>>,
    pub synced: Option<bool>,
    pub enabled: Option<bool>,
    pub anchor_of: Option<String>,
    pub identifier_of: Option<String>,
    pub password_replaced: Option<bool>,
    /// `onPremisesProvisioningErrors` as `PROPERTY VALUE`.
    pub errors: Option<Vec<String>>,
    pub deleted: Option<bool>,
    /// How many active roles of its own it has, how many eligibilities, how many groups it is in.
    pub roles: Option<usize>,
    pub eligible: Option<usize>,
    pub memberships: Option<usize>,
}

const fn yes() -> bool {
    true
}
