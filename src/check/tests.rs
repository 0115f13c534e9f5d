//! Every check on both sides. The scene is one ready link; each test changes what it is about.

use super::facts::{DomainFacts, EngineFacts, Facts};
use super::{Check, Verdict, check};
use crate::config::read::Config;
use crate::config::settings::{Bind, OnDemand, Trigger};
use crate::model::ad::{AdUser, Octets};
use crate::model::anchor::{Anchor, SourceAnchor};
use crate::model::entra::ProvisioningError;
use crate::model::granted::Granted;
use crate::model::id::ObjectId;
use crate::model::role::{GLOBAL_ADMINISTRATOR, RoleKind};
use crate::model::tenant::Identity;
use crate::plan::testing::{HELPDESK, Scene, ad, cloud, linked, uuid};
use crate::report::testing::{state_of, suspended_record};
use crate::snapshot::document::{Missing, Snapshot};
use crate::state::ledger::State;
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// What a test may change.
struct Given {
    config: Config,
    snapshot: Snapshot,
    with_links: bool,
    engine: Result<Option<EngineFacts>, String>,
    granted: Option<Granted>,
    ahead: Option<SignedDuration>,
    writable: Option<BTreeSet<String>>,
    state: Option<State>,
    lock: Option<String>,
    ad_down: bool,
    account: Option<String>,
    cloud_down: bool,
}

fn strings(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

fn given(scene: Scene) -> Given {
    let scene = scene.guard("protect = [\"admin1@contoso.com\"]");
    let admins = ["admin1", "admin2"].into_iter();
    let scene = admins.fold(scene, |scene, name| scene.cloud(cloud(name)).role(name, GLOBAL_ADMINISTRATOR));
    let config = scene.config();
    let mut snapshot = scene.snapshot;
    snapshot.caller = Some(Identity { id: ObjectId(uuid("matchplan")), name: "matchplan".to_owned() });
    snapshot.tenant.last_sync = Some(snapshot.taken);
    Given {
        config,
        snapshot,
        with_links: true,
        engine: Ok(Some(EngineFacts::default())),
        granted: Some(Granted {
            app_only: true,
            permissions: strings(&["User.ReadWrite.All", "RoleManagement.ReadWrite.Directory"]),
            role_templates: strings(&[GLOBAL_ADMINISTRATOR]),
        }),
        ahead: Some(SignedDuration::ZERO),
        writable: Some(strings(&["mail", "userPrincipalName", "proxyAddresses"])),
        state: None,
        lock: None,
        ad_down: false,
        account: None,
        cloud_down: false,
    }
}

impl Given {
    fn checks(&self) -> Vec<Check> {
        let down = || "could not connect".to_owned();
        let domain = |read: &crate::snapshot::document::AdDomainSnapshot| DomainFacts {
            name: read.name.clone(),
            read: if self.ad_down { Err(down()) } else { Ok(read.clone()) },
            account: self.account.clone(),
            ahead: self.ahead,
            writable: read.users.iter().map(|user| (user.guid, self.writable.clone())).collect(),
        };
        let cloud = Snapshot { domains: Vec::new(), ..self.snapshot.clone() };
        check(&Facts {
            settings: &self.config.settings,
            config: self.with_links.then_some(&self.config),
            now: self.snapshot.taken,
            domains: self.snapshot.domains.iter().map(domain).collect(),
            cloud: if self.cloud_down { Err(down()) } else { Ok(cloud) },
            granted: Ok(self.granted.clone()),
            graph_ahead: self.ahead,
            engine: self.engine.clone(),
            state: Ok(self.state.clone()),
            lock: Ok(self.lock.clone()),
        })
    }

    #[track_caller]
    fn is(&self, id: &str, wanted: Verdict) -> Check {
        let all = self.checks();
        let found = all.iter().find(|check| check.id == id).unwrap_or_else(|| panic!("there is no {id}"));
        assert_eq!(found.verdict, wanted, "{found:?}");
        assert!(found.verdict == Verdict::Pass || found.help.is_some(), "{found:?}");
        found.clone()
    }
}

/// Passes with the ready scene, and comes to `wanted` after the change.
#[track_caller]
fn turns(id: &str, wanted: Verdict, change: impl FnOnce(&mut Given)) -> Check {
    turns_with(id, wanted, Scene::pair("jane"), change)
}

#[track_caller]
fn turns_with(id: &str, wanted: Verdict, scene: Scene, change: impl FnOnce(&mut Given)) -> Check {
    let mut given = given(scene);
    given.is(id, Verdict::Pass);
    change(&mut given);
    given.is(id, wanted)
}

use Verdict::{CannotTell, Fail, Pass};

#[test]
fn the_engine_and_its_last_sync() {
    turns("sync-enabled", Fail, |g| g.snapshot.tenant.sync_enabled = None);
    turns("last-sync", Fail, |g| g.snapshot.tenant.last_sync = None);
    let hours_ago = |g: &mut Given, minutes| {
        g.snapshot.tenant.last_sync = Some(g.snapshot.taken - SignedDuration::from_mins(minutes));
    };
    turns("last-sync", Pass, |g| hours_ago(g, 180));
    let late = turns("last-sync", Fail, |g| hours_ago(g, 181));
    assert!(late.seen.contains("3 h 1 min ago"), "{late:?}");
    turns("last-sync", CannotTell, |g| g.cloud_down = true);
    let engine = |change: fn(&mut EngineFacts)| {
        let mut engine = EngineFacts::default();
        change(&mut engine);
        move |g: &mut Given| g.engine = Ok(Some(engine))
    };
    turns("engine-status", Fail, engine(|e| e.staging = true));
    turns("engine-status", Fail, engine(|e| e.suspended = true));
    turns("engine-status", Pass, engine(|e| e.busy = true));
    turns("engine-status", CannotTell, |g| g.engine = Ok(None));
    turns("engine-status", CannotTell, |g| g.engine = Err("exit code 1".to_owned()));
}

#[test]
fn the_tenants_switches() {
    let switch = |change: fn(&mut crate::model::tenant::SyncFeatures)| {
        move |g: &mut Given| change(g.snapshot.tenant.features.as_mut().unwrap())
    };
    turns("soft-match-switch", Fail, switch(|f| f.block_soft_match = true));
    turns("hard-match-switch", Fail, switch(|f| f.block_hard_match = true));
    turns("soft-match-switch", Pass, |g| {
        g.with_links = false;
        g.snapshot.tenant.features.as_mut().unwrap().block_soft_match = true;
    });
    turns("upn-match-switch", Fail, switch(|f| f.soft_match_on_upn = false));
    turns("object-identifier-switch", Fail, switch(|f| f.allow_object_identifier_update = true));
    turns("password-sync", Pass, switch(|f| f.password_sync = !f.password_sync));
    turns("upn-sync", Pass, switch(|f| f.synchronize_upn_for_managed_users = false));
    for id in ["soft-match-switch", "hard-match-switch", "upn-match-switch", "object-identifier-switch", "upn-sync"] {
        turns(id, CannotTell, |g| g.snapshot.tenant.features = None);
    }
    turns("tenant-reach", Fail, |g| g.cloud_down = true);
    turns("graph-clock", Fail, |g| g.ahead = Some(SignedDuration::from_mins(-6)));
    turns("graph-clock", CannotTell, |g| g.ahead = None);
}

#[test]
fn quarantine_in_both_spellings_and_recorded_errors() {
    let initial = |g: &Given| g.snapshot.tenant.initial_domain().unwrap().name.clone();
    for name in ["jane+1234", "jane1234"] {
        let found = turns("quarantined-duplicates", Fail, |g| {
            let mut duplicate = cloud("duplicate");
            duplicate.upn = format!("{name}@{}", initial(g)).into();
            duplicate.sync_enabled = Some(true);
            g.snapshot.users.push(duplicate);
        });
        assert!(found.seen.contains("which was to be called jane"), "{found:?}");
    }
    // Not synced, or a name that nobody else has: a person chose it.
    turns("quarantined-duplicates", Pass, |g| {
        let mut chosen = cloud("chosen");
        chosen.upn = format!("class2024@{}", initial(g)).into();
        chosen.sync_enabled = Some(true);
        g.snapshot.users.push(chosen);
    });
    let error = || ProvisioningError {
        category: Some("PropertyConflict".to_owned()),
        property: None,
        value: None,
        occurred: None,
    };
    turns("provisioning-errors", Fail, |g| g.snapshot.users[0].provisioning_errors.push(error()));
    turns("links-errors", Fail, |g| {
        let jane = g.snapshot.users.iter_mut().find(|user| user.upn.as_str().starts_with("jane@")).unwrap();
        jane.provisioning_errors.push(error());
    });
}

#[test]
fn each_domain() {
    turns("ad-reach", Fail, |g| g.ad_down = true);
    turns("ad-clock", Fail, |g| g.ahead = Some(SignedDuration::from_mins(6)));
    turns("ad-encrypted", Fail, |g| {
        g.config.settings.ad[0].url = "ldap://dc.corp.test".parse().unwrap();
        g.config.settings.ad[0].allow_plain = true;
    });
    let ticket = |g: &mut Given| {
        g.config.settings.ad[0].bind = Bind::Kerberos;
        g.account = Some("CORP\\svc".to_owned());
    };
    assert!(turns("ad-reach", Pass, ticket).seen.contains("signed in with Kerberos as CORP\\svc,"));
    assert!(turns("ad-encrypted", Pass, ticket).seen.contains("does not cross"));
    let down = turns("ad-reach", Fail, |g| {
        ticket(g);
        g.ad_down = true;
    });
    assert!(down.help.is_some_and(|help| help.contains("klist")));
    let rights = turns("ad-write-rights", Fail, |g| g.writable = Some(strings(&["MAIL", "userPrincipalName"])));
    assert!(rights.seen.contains("not proxyAddresses"), "{rights:?}");
    turns("ad-write-rights", CannotTell, |g| g.writable = None);
    turns("upn-suffixes", Fail, |g| {
        g.with_links = false;
        let ou = g.snapshot.domains[0].users[0].dn.parent().unwrap();
        g.config.settings.sync.synced_ous = vec![ou];
        g.snapshot.domains[0].users[0].upn = Some("jane@corp.local".into());
    });
}

#[test]
fn the_source_anchor_in_force() {
    let mut site = given(Scene::pair("jane"));
    site.is("source-anchor", CannotTell);
    let octets = Anchor::from_guid(ad("another").guid).octets().to_vec();
    let user = AdUser { consistency_guid: Some(Octets(octets)), ..ad("sample") };
    site.snapshot.users.push(linked(cloud("sample"), &user));
    site.snapshot.domains[0].users.push(user);
    site.is("source-anchor", Pass);
    site.config.settings.ad[0].source_anchor = SourceAnchor::ObjectGuid;
    site.is("source-anchor", Fail);
}

#[test]
fn the_links_on_both_sides() {
    turns("links-ad", Fail, |g| g.snapshot.domains[0].users.clear());
    turns("links-ad", CannotTell, |g| g.ad_down = true);
    turns("links-cloud", Fail, |g| g.snapshot.users.retain(|user| !user.upn.as_str().starts_with("jane@")));
    turns("links-cloud", CannotTell, |g| g.cloud_down = true);
    turns("links-scope", CannotTell, |g| g.config.settings.sync.synced_ous.clear());
    turns("links-scope", Fail, |g| g.snapshot.domains[0].users[0].critical_system_object = true);
    turns("links-anchor", Fail, |g| {
        g.snapshot.domains[0].users[0].consistency_guid = Some(Octets(vec![1]));
    });
    turns("links-new", Fail, |g| {
        let jane = g.snapshot.domains[0].users[0].clone();
        g.snapshot.users.push(linked(cloud("duplicate"), &jane));
    });
    let jane = |g: &mut Given, change: fn(&mut crate::model::entra::EntraUser)| {
        change(g.snapshot.users.iter_mut().find(|user| user.upn.as_str().starts_with("jane@")).unwrap());
    };
    turns("links-target", Fail, |g| jane(g, |user| user.cloud_managed = Some(true)));
    turns("links-target", Fail, |g| jane(g, |user| user.sync_enabled = Some(true)));
    turns("links-target", Fail, |g| jane(g, |user| user.object_identifier = Some(uuid("other").to_string())));
    turns("links-roles", CannotTell, |g| {
        g.snapshot = Scene { snapshot: g.snapshot.clone(), ..Scene::pair("jane") }.gap(Missing::Roles).snapshot;
    });
    let held = Scene::pair("jane").role_as("jane", HELPDESK, RoleKind::Active, None);
    given(held).is("links-roles", Fail);
}

#[test]
fn the_credential_and_the_guards() {
    let gap = |what| {
        move |g: &mut Given| {
            g.snapshot = Scene { snapshot: g.snapshot.clone(), ..Scene::pair("jane") }.gap(what).snapshot;
        }
    };
    turns("permissions-read", Fail, gap(Missing::Groups));
    turns("pim", CannotTell, gap(Missing::PimSchedules));
    turns("permissions-apply", Fail, |g| g.granted = Some(Granted::default()));
    turns("permissions-apply", CannotTell, |g| g.granted = None);
    turns("global-admins", Fail, |g| g.snapshot.roles.clear());
    turns("global-admins", CannotTell, gap(Missing::Roles));
    turns("protect", Fail, |g| g.config.settings.guard.protect.clear());
    turns("caller", CannotTell, |g| g.snapshot.caller = None);
    let scene = || Scene::pair("jane").saying("roles = \"suspend\"\n");
    turns_with("permissions-roles", Fail, scene(), |g| g.granted = Some(Granted::default()));
    turns("permissions-roles", Pass, |g| g.granted = Some(Granted::default()));
}

/// Each is named with what it is for; where nothing of the kind is asked for, neither is the question.
#[test]
fn what_stands_around_the_links_needs_its_own() {
    let unlinks = "[[unlink]]\ncloud = \"old@contoso.com\"\nmethod = \"clear\"\n[[unlink]]\ncloud = \"a@contoso.com\"\n\
                   method = \"source-of-authority\"\n[window]\nsoft_match = true\n";
    let mut around = given(Scene::pair("jane").saying(unlinks));
    let found = around.is("permissions-around", Fail);
    assert_eq!(
        found.seen,
        "OnPremDirectorySynchronization.ReadWrite.All is not granted, for the tenant's switches; \
         User-OnPremisesSyncBehavior.ReadWrite.All is not granted, for clearing onPremisesObjectIdentifier, where a user has one"
    );
    around.granted.as_mut().unwrap().permissions.extend(strings(&[
        "OnPremDirectorySynchronization.ReadWrite.All",
        "user-onpremisessyncbehavior.readwrite.all",
    ]));
    around.is("permissions-around", Pass);
    let service_principal = ObjectId(uuid("cloud sync"));
    around.config.settings.sync.trigger =
        Trigger::ProvisionOnDemand(OnDemand { service_principal, job: None, rule: None });
    assert!(around.is("permissions-around", Fail).seen.starts_with("Synchronization.ReadWrite.All is not granted"));
    around.granted = None;
    around.is("permissions-around", CannotTell);
    let links_only = given(Scene::pair("jane")).checks();
    assert!(links_only.iter().all(|check| check.id != "permissions-around"));
}

#[test]
fn what_earlier_applies_left() {
    turns("lock", Fail, |g| g.lock = Some("`matchplan apply` on pc".to_owned()));
    turns("unfinished-apply", Fail, |g| g.state = Some(state_of(vec![suspended_record()])));
    let mut left = given(Scene::pair("jane"));
    left.state = Some(state_of(vec![suspended_record()]));
    let found = left.is("suspended-roles", Fail);
    assert!(found.seen.contains("User Administrator of jane.doe@contoso.com"), "{found:?}");
}

#[test]
fn nothing_is_called_good_that_was_not_read() {
    let mut blind = given(Scene::pair("jane"));
    (blind.ad_down, blind.cloud_down) = (true, true);
    let of_them = |check: &&Check| !matches!(check.id, "engine-status" | "lock" | "unfinished-apply" | "ad-encrypted");
    let all = blind.checks();
    assert!(all.iter().filter(of_them).all(|check| check.verdict != Pass), "{all:?}");
}
