//! Scenes for tests: two small directories and a match plan in TOML, read as the program reads them.

use super::document::{Plan, Selection};
use super::link::PlannedLink;
use super::planner::{PlanInput, plan};
use super::step::{Action, Step};
use crate::config::{Config, read};
use crate::diagnostic::render_all;
use crate::model::ad::{AdUser, Octets};
use crate::model::anchor::Anchor;
use crate::model::cloud::Residues;
use crate::model::digest;
use crate::model::dn::Dn;
use crate::model::entra::{AddressHolder, EntraUser, HolderKind};
use crate::model::id::{AdGuid, ObjectId};
use crate::model::profile::Profile;
use crate::model::role::{
    AdminRules, GLOBAL_ADMINISTRATOR, GroupMember, PolicySubject, RoleAssignment, RoleGrant, RoleGroup, RoleKind,
    RolePolicy,
};
use crate::model::tenant::{Domain, SyncFeatures, Tenant};
use crate::rules::finding::{FindingCode, Severity};
use crate::snapshot::document::{AdDomainSnapshot, Coverage, Gap, Missing, SNAPSHOT_VERSION, Snapshot};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The synced container.
pub const SYNCED: &str = "OU=Users,DC=corp,DC=contoso,DC=com";
/// A container that is not synced.
pub const STAGING: &str = "OU=Staging,DC=corp,DC=contoso,DC=com";
/// The template id of Helpdesk Administrator.
pub const HELPDESK: &str = "729827e3-9c14-49f7-bb1b-9608f156bbb8";

const SETTINGS: &str = r#"version = 1
[entra]
tenant = "contoso.onmicrosoft.com"
[[ad]]
name = "corp"
url = "ldaps://dc01.corp.contoso.com"
base_dn = "DC=corp,DC=contoso,DC=com"
user = "svc@corp.contoso.com"
password = { env = "AD_PASSWORD" }
"#;

/// Two directories and what is wanted of them.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What is.
    pub snapshot: Snapshot,
    /// The lines of `[sync]`.
    pub sync: String,
    /// The lines of `[guard]`.
    pub guard: String,
    /// The match plan's links.
    pub links: String,
    /// `--skip-blocked`.
    pub skip_blocked: bool,
    /// `--allow`.
    pub allow: Vec<String>,
    /// Whether a user that is synced already shows that the configured source anchor is in force.
    pub sampled: bool,
    /// What users that are to be cleared remember of AD.
    pub residues: Residues,
    /// Which links are planned.
    pub selection: Selection,
}

/// A UUID that depends on the name only.
pub fn uuid(name: &str) -> Uuid {
    let hex = digest::of_bytes(name.as_bytes()).replace("sha256:", "");
    Uuid::parse_str(&hex[..32]).unwrap()
}

/// An enabled AD user in the staging container with UPN, mail and primary address `name@contoso.com`.
pub fn ad(name: &str) -> AdUser {
    AdUser {
        guid: AdGuid(uuid(&format!("ad {name}"))),
        dn: Dn::parse(&format!("CN={name},{STAGING}")).unwrap(),
        domain: "corp".into(),
        sam: name.into(),
        sid: format!("S-1-5-21-1-2-3-{}", uuid(name).as_fields().0 % 1_000_000 + 1_000).parse().unwrap(),
        upn: Some(format!("{name}@contoso.com").into()),
        mail: Some(format!("{name}@contoso.com")),
        proxy_addresses: [format!("SMTP:{name}@contoso.com")].into_iter().collect(),
        consistency_guid: None,
        display_name: None,
        given_name: None,
        surname: None,
        mail_nickname: Some(name.into()),
        target_address: None,
        recipient_type: None,
        profile: Profile::new(),
        user_account_control: 512,
        critical_system_object: false,
        admin_count: false,
    }
}

/// The cloud user that agrees with [`ad`] of the same name.
pub fn cloud(name: &str) -> EntraUser {
    EntraUser {
        id: ObjectId(uuid(&format!("cloud {name}"))),
        upn: format!("{name}@contoso.com").into(),
        display_name: None,
        given_name: None,
        surname: None,
        mail: Some(format!("{name}@contoso.com")),
        mail_nickname: Some(name.into()),
        proxy_addresses: [format!("SMTP:{name}@contoso.com")].into_iter().collect(),
        account_enabled: Some(true),
        user_type: Some("Member".into()),
        immutable_id: None,
        sync_enabled: None,
        security_identifier: None,
        last_sync: None,
        object_identifier: None,
        cloud_managed: Some(false),
        provisioning_errors: Vec::new(),
        profile: Profile::new(),
        deleted: None,
    }
}

/// A cloud user as it is once `ad` has taken it over.
pub fn linked(cloud: EntraUser, ad: &AdUser) -> EntraUser {
    let anchor = ad.anchor(crate::model::anchor::SourceAnchor::ConsistencyGuid).unwrap();
    EntraUser {
        immutable_id: Some(anchor.into()),
        sync_enabled: Some(true),
        security_identifier: Some(ad.sid.clone()),
        object_identifier: Some(ad.guid.to_string()),
        ..cloud
    }
}

/// A user in the recycle bin, renamed as Entra renames it.
pub fn binned(cloud: EntraUser) -> EntraUser {
    let upn = format!("{}{}", cloud.id.0.simple(), cloud.upn).into();
    EntraUser { upn, deleted: Some("2026-08-01T00:00:00Z".parse().unwrap()), sync_enabled: None, ..cloud }
}

/// An active assignment for good.
pub fn assignment(principal: ObjectId, role: &str, scope: &str) -> RoleAssignment {
    let role_name = if role == GLOBAL_ADMINISTRATOR { "Global Administrator" } else { "Helpdesk Administrator" };
    RoleAssignment {
        id: format!("{role}-{principal}-{scope}").into(),
        principal,
        kind: RoleKind::Active,
        starts: None,
        ends: None,
        grant: RoleGrant {
            role: role.into(),
            role_name: role_name.to_owned(),
            directory_scope: Some(scope.to_owned()),
            app_scope: None,
            condition: None,
        },
    }
}

/// A link of that name on both sides which moves the AD user into scope.
pub fn link(name: &str) -> String {
    format!("[[link]]\nad = \"{name}\"\ncloud = \"{name}@contoso.com\"\nmove_to = \"{SYNCED}\"\n")
}

impl Scene {
    /// A tenant that syncs and matches, an empty domain, no link.
    pub fn empty() -> Self {
        let domain = |name: &str, verified, initial| Domain {
            name: name.to_owned(),
            verified,
            federated: false,
            initial,
            default: !initial,
        };
        Self {
            snapshot: Snapshot {
                format_version: SNAPSHOT_VERSION,
                taken: "2026-09-01T08:00:00Z".parse().unwrap(),
                domains: vec![AdDomainSnapshot {
                    name: "corp".into(),
                    base_dn: Dn::parse("DC=corp,DC=contoso,DC=com").unwrap(),
                    dns_name: "corp.contoso.com".to_owned(),
                    server: "dc01".to_owned(),
                    upn_suffixes: vec!["contoso.com".to_owned()],
                    users: Vec::new(),
                    holders: Vec::new(),
                }],
                tenant: Tenant {
                    id: crate::model::id::TenantId(uuid("tenant")),
                    display_name: "Contoso".to_owned(),
                    domains: vec![
                        domain("contoso.com", true, false),
                        domain("contoso.onmicrosoft.com", true, true),
                        domain("new.example", false, false),
                    ],
                    sync_enabled: Some(true),
                    last_sync: None,
                    features: Some(SyncFeatures {
                        soft_match_on_upn: true,
                        synchronize_upn_for_managed_users: true,
                        ..SyncFeatures::default()
                    }),
                    switches: BTreeMap::new(),
                    deletion_threshold: Some(500),
                },
                users: Vec::new(),
                marks: None,
                coverage: Coverage::Whole,
                deleted_users: Vec::new(),
                holders: Vec::new(),
                roles: Vec::new(),
                role_groups: Vec::new(),
                role_policies: Vec::new(),
                recipients: Some(Vec::new()),
                caller: None,
                gaps: Vec::new(),
            },
            sync: format!("synced_ous = [\"{SYNCED}\"]\n"),
            guard: String::new(),
            links: String::new(),
            skip_blocked: false,
            allow: Vec::new(),
            sampled: true,
            residues: Residues::new(),
            selection: Selection::default(),
        }
    }

    /// One AD user and one cloud user that agree in everything, and a link between them.
    pub fn pair(name: &str) -> Self {
        Self::empty().and_pair(name)
    }

    /// The same with another such pair.
    pub fn and_pair(mut self, name: &str) -> Self {
        self.links += &link(name);
        self.ad(ad(name)).cloud(cloud(name))
    }

    /// The same with an AD user.
    pub fn ad(mut self, user: AdUser) -> Self {
        self.snapshot.domains[0].users.push(user);
        self
    }

    /// The same with a cloud user.
    pub fn cloud(mut self, user: EntraUser) -> Self {
        self.snapshot.users.push(user);
        self
    }

    /// The same with a user in the recycle bin.
    pub fn deleted(mut self, user: EntraUser) -> Self {
        self.snapshot.deleted_users.push(binned(user));
        self
    }

    /// The same with a group or contact that has an address.
    pub fn holder(mut self, kind: HolderKind, address: &str) -> Self {
        self.snapshot.holders.push(AddressHolder {
            kind,
            id: ObjectId(uuid(address)),
            display_name: Some(format!("The {kind}")),
            mail: None,
            proxy_addresses: [address].into_iter().collect(),
            synced: false,
            assignable_to_role: false,
            microsoft_365: false,
        });
        self
    }

    /// The same with a role for a cloud user, over the whole directory.
    pub fn role(self, name: &str, role: &str) -> Self {
        self.scoped_role(name, role, "/")
    }

    /// The same with a role for a cloud user at a scope.
    pub fn scoped_role(self, name: &str, role: &str, scope: &str) -> Self {
        let held = assignment(cloud(name).id, role, scope);
        self.assigned(held)
    }

    /// The same with a role for a cloud user, held that way until then.
    pub fn role_as(self, name: &str, role: &str, kind: RoleKind, ends: Option<&str>) -> Self {
        let ends = ends.map(|ends| ends.parse().unwrap());
        let held = RoleAssignment { kind, ends, ..assignment(cloud(name).id, role, "/") };
        self.assigned(held)
    }

    /// The same with an assignment, and a policy for its role that asks for nothing.
    pub fn assigned(mut self, held: RoleAssignment) -> Self {
        let subject = PolicySubject::Role(held.grant.role.clone());
        self.snapshot.roles.push(held);
        self.policy(subject, |_| ())
    }

    /// The same with a role-assignable group that holds a role over the whole directory and has that member.
    pub fn group(self, group: &str, role: &str, member: &str, kind: RoleKind) -> Self {
        let id = ObjectId(uuid(group));
        let mut scene = self.assigned(assignment(id, role, "/")).policy(PolicySubject::Group(id), |_| ());
        let member = GroupMember { user: cloud(member).id, kind, starts: None, ends: None };
        let (owners, uses) = (Vec::new(), Vec::new());
        scene.snapshot.role_groups.push(RoleGroup { id, name: group.to_owned(), members: vec![member], owners, uses });
        scene
    }

    /// The same with a policy that asks for more, of active and eligible assignments alike.
    pub fn policy(mut self, subject: PolicySubject, asks: impl FnOnce(&mut AdminRules)) -> Self {
        let policies = &mut self.snapshot.role_policies;
        let known = policies.iter().position(|policy| policy.subject == subject).unwrap_or_else(|| {
            let (active, eligible) = (AdminRules::default(), AdminRules::default());
            policies.push(RolePolicy { subject, active, eligible });
            policies.len() - 1
        });
        asks(&mut policies[known].active);
        policies[known].eligible = policies[known].active.clone();
        self
    }

    /// The same without what could not be read.
    pub fn gap(mut self, what: Missing) -> Self {
        self.snapshot.gaps.push(Gap { what, reason: "403 Forbidden".to_owned() });
        self
    }

    /// The same with other switches of the tenant.
    pub fn features(mut self, change: impl FnOnce(&mut SyncFeatures)) -> Self {
        change(self.snapshot.tenant.features.as_mut().unwrap());
        self
    }

    /// The same with something changed on both sides of the first pair.
    pub fn his(mut self, change: impl FnOnce(&mut AdUser, &mut EntraUser)) -> Self {
        change(&mut self.snapshot.domains[0].users[0], &mut self.snapshot.users[0]);
        self
    }

    /// The same with further lines in the last link.
    pub fn saying(mut self, lines: &str) -> Self {
        self.links += lines;
        self.links += "\n";
        self
    }

    /// The same without `move_to` in any link.
    pub fn unmoved(mut self) -> Self {
        self.links = self.links.replace(&format!("move_to = \"{SYNCED}\"\n"), "");
        self
    }

    /// The same with the AD users in the synced container already.
    pub fn in_scope(mut self) -> Self {
        let synced = Dn::parse(SYNCED).unwrap();
        self.snapshot.domains[0].users.iter_mut().for_each(|user| user.dn = user.dn.moved_to(&synced));
        self.unmoved()
    }

    /// The same with a pair of commands that hold and release the scheduler.
    pub fn holding(mut self) -> Self {
        self.sync += "hold = { command = [\"hold\"] }\nrelease = { command = [\"release\"] }\n";
        self
    }

    /// The same with lines in `[guard]`.
    pub fn guard(mut self, lines: &str) -> Self {
        self.guard += lines;
        self.guard += "\n";
        self
    }

    /// The same with another link.
    pub fn link(mut self, lines: &str) -> Self {
        self.links.extend(["[[link]]\n", lines, "\n"]);
        self
    }

    /// The same with the plan option `--allow`.
    pub fn allow(mut self, code: FindingCode) -> Self {
        self.allow.push(code.to_string());
        self
    }

    /// The same with `--skip-blocked`.
    pub fn skipping(mut self) -> Self {
        self.skip_blocked = true;
        self
    }

    /// The same without a user that is synced already.
    pub fn unsampled(mut self) -> Self {
        self.sampled = false;
        self
    }

    /// The configuration, read from text.
    pub fn config(&self) -> Config {
        let settings = format!("{SETTINGS}[sync]\n{}[guard]\n{}", self.sync, self.guard);
        let plan = format!("version = 1\n{}", self.links);
        let (config, found, sources) = read(("matchplan.toml", &settings), &[("plans/a.toml", &plan)]);
        config.unwrap_or_else(|| panic!("{}", render_all(&found, &sources, false, 120)))
    }

    /// The plan.
    pub fn plan(&self) -> Plan {
        let config = self.config();
        let snapshot = if self.sampled { with_sample(&self.snapshot) } else { self.snapshot.clone() };
        let input = PlanInput::of(&config, &snapshot, "2026-09-01T09:00:00Z".parse().unwrap());
        plan(PlanInput {
            skip_blocked: self.skip_blocked,
            allow: &self.allow,
            residues: &self.residues,
            selection: &self.selection,
            ..input
        })
    }
}

/// The directories with one more user, synced by its `mS-DS-ConsistencyGuid`.
fn with_sample(snapshot: &Snapshot) -> Snapshot {
    let octets = Anchor::from_guid(ad("another").guid).octets().to_vec();
    let user = AdUser { consistency_guid: Some(Octets(octets)), ..ad("sample") };
    let mut snapshot = snapshot.clone();
    snapshot.users.push(linked(cloud("sample"), &user));
    if let Some(domain) = snapshot.domains.first_mut() {
        domain.users.push(AdUser { domain: domain.name.clone(), ..user });
    }
    snapshot
}

/// Severity and code of every finding, each once, in order.
pub fn codes(plan: &Plan) -> Vec<(Severity, FindingCode)> {
    let mut codes: Vec<_> = plan.findings.iter().map(|finding| (finding.severity, finding.code)).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// The kinds of the steps of one link, or of the waves themselves, in order.
pub fn kinds(steps: &[Step]) -> Vec<&'static str> {
    steps.iter().map(|step| step.action.kind()).collect()
}

/// The only link.
pub fn only(plan: &Plan) -> &PlannedLink {
    assert_eq!(plan.links.len(), 1, "{:#?}", plan.findings);
    &plan.links[0]
}

/// What is written to AD, as `attribute: before → after`.
pub fn changes(plan: &Plan) -> Vec<String> {
    let aligned = plan.steps.iter().filter_map(|step| match &step.action {
        Action::Align { changes, .. } => Some(changes),
        _ => None,
    });
    let text = |values: &[String]| values.join(" ");
    aligned.flatten().map(|c| format!("{}: {} → {}", c.attribute, text(&c.expects), text(&c.sets))).collect()
}
