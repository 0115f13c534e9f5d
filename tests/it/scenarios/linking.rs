//! Every kind of link, from the match plan to "no changes".

use super::on_both::on_both;
use crate::support::site::{Both, SYNCED, Site, Wishes};
use ldap3::Mod;
use matchplan::lab::world::cloud::CloudUser;
use matchplan::model::anchor::Anchor;
use std::collections::{BTreeMap, BTreeSet, HashSet};

on_both!(
    clean_soft_match,
    upn_mismatch,
    smtp_mismatch,
    hard_match,
    administrator,
    administrator_of_a_unit,
    the_anchor_from_the_cloud,
    already_linked,
    move_into_scope,
    exposed_under_a_hold,
    what_drifts_later_is_shown,
    the_whole_company,
);

/// What a link came to.
struct Formed {
    before: CloudUser,
    after: CloudUser,
    /// The AD user afterwards.
    ad: Ad,
    /// What apply said.
    said: String,
}

/// An AD user as LDAP shows it.
struct Ad {
    dn: String,
    attributes: BTreeMap<String, BTreeSet<Vec<u8>>>,
}

impl Ad {
    async fn of(site: &Site, account: &str) -> Self {
        let (dn, attributes) = site.ad_user(account).await;
        Self { dn, attributes }
    }

    fn texts(&self, name: &str) -> BTreeSet<String> {
        let values = self.attributes.get(name).cloned().unwrap_or_default();
        values.into_iter().map(|value| String::from_utf8(value).unwrap()).collect()
    }

    fn anchor(&self) -> String {
        let anchored = self.attributes.get("ms-ds-consistencyguid").unwrap_or(&self.attributes["objectguid"]);
        Anchor::from_octets(anchored.first().unwrap()).unwrap().to_base64()
    }
}

fn texts<const N: usize>(texts: [&str; N]) -> BTreeSet<String> {
    texts.map(str::to_owned).into()
}

/// Plans a link, applies it, and sees that both directories, the next plan and the status say that it is formed.
async fn form(site: &Site, account: &str, cloud: &str, more: &str) -> Formed {
    site.plan(&format!("[[link]]\nad = \"{account}\"\ncloud = \"{cloud}\"\n{more}"));
    let (before, roles) = (site.cloud_user(cloud), site.grants());
    site.run(&["plan", "--detailed-exitcode"]).await.expect(2).shows(cloud);
    let applied = site.run(&["apply", "--yes"]).await.expect(0).shows("1 link: 1 linked");

    let (after, ad) = (site.cloud_user(cloud), Ad::of(site, account).await);
    assert_eq!(after.id, before.id, "the cloud user is the same object");
    assert_eq!(after.on_premises_sync_enabled, Some(true));
    assert_eq!(after.on_premises_immutable_id, Some(ad.anchor()));
    assert_eq!(after.on_premises_distinguished_name.as_ref().map(ToString::to_string), Some(ad.dn.clone()));
    assert_eq!(site.grants(), roles, "everybody has the roles of before");

    site.run(&["plan", "--detailed-exitcode"]).await.expect(0).shows("No changes. The one link is formed already.");
    site.run(&["status"]).await.expect(0).shows("1 link: 1 linked · 0 drifted");
    Formed { before, after, ad, said: applied.err }
}

fn to_synced_ou() -> String {
    format!("move_to = \"{SYNCED}\"\n")
}

async fn clean_soft_match(site: Site) {
    let untouched = Ad::of(&site, "asmith").await;
    let formed = form(&site, "asmith", "anna.smith@contoso.com", &to_synced_ou()).await;
    assert_eq!(formed.ad.dn, format!("CN=Anna Smith,{SYNCED}"));
    for name in ["userprincipalname", "mail", "proxyaddresses"] {
        assert_eq!(formed.ad.texts(name), untouched.texts(name), "{name}");
    }
    assert_eq!(formed.after.proxy_addresses, formed.before.proxy_addresses);
}

async fn upn_mismatch(site: Site) {
    let formed = form(&site, "bbaker", "ben.baker@contoso.com", &to_synced_ou()).await;
    assert_eq!(formed.ad.texts("userprincipalname"), texts(["ben.baker@contoso.com"]));
    assert_eq!(formed.after.user_principal_name, "ben.baker@contoso.com", "the sign-in name stays");
}

async fn smtp_mismatch(site: Site) {
    let formed = form(&site, "ccole", "carla.cole@contoso.com", &to_synced_ou()).await;
    assert_eq!(formed.ad.texts("mail"), texts(["carla.cole@contoso.com"]));
    let addresses = texts(["SMTP:carla.cole@contoso.com", "smtp:c.cole@contoso.com"]);
    assert_eq!(formed.ad.texts("proxyaddresses"), addresses);
    assert_eq!(formed.after.proxy_addresses.into_iter().collect::<BTreeSet<_>>(), addresses);
}

async fn hard_match(site: Site) {
    let more = to_synced_ou() + "match = \"hard\"\nupn = \"cloud\"\n";
    let formed = form(&site, "eeriksen", "erik.eriksen@contoso.com", &more).await;
    assert_eq!(formed.before.on_premises_immutable_id, None);
    assert_eq!(formed.after.user_principal_name, "erik.eriksen@contoso.com");
    let addresses = texts(["SMTP:erik.eriksen@contoso.com", "smtp:e.eriksen@contoso.com"]);
    assert_eq!(formed.ad.texts("proxyaddresses"), addresses);
}

async fn administrator(site: Site) {
    let more = to_synced_ou() + "roles = \"suspend\"\n";
    let formed = form(&site, "ggrant", "gina.grant@contoso.com", &more).await;
    for role in ["Exchange Administrator", "User Administrator"] {
        let at = |what: &str| formed.said.find(&format!("{what} role {role} of gina.grant@contoso.com")).unwrap();
        assert!(at("suspend") < at("restore"));
    }
}

async fn administrator_of_a_unit(site: Site) {
    let cloud = "henry.hill@contoso.com";
    let id = site.cloud_user(cloud).id.to_string();
    let scope = |site: &Site| site.grants().into_iter().find(|(who, ..)| *who == id).and_then(|(.., scope)| scope);
    let before = scope(&site).unwrap();
    assert!(before.starts_with("/administrativeUnits/"), "{before}");
    form(&site, "hhill", cloud, &(to_synced_ou() + "roles = \"suspend\"\n")).await;
    assert_eq!(scope(&site), Some(before));
}

/// A cloud user that keeps the anchor of an AD user that is no more: AD takes it, and the cloud's stays.
async fn the_anchor_from_the_cloud(site: Site) {
    let (cloud, old) = ("erik.eriksen@contoso.com", "iGhmiAEBERG7uxI0VniQqw==");
    let keep = |world: &mut matchplan::lab::world::World| {
        let erik = world.entra.users.iter_mut().find(|user| user.user_principal_name == cloud).unwrap();
        erik.on_premises_immutable_id = Some(old.to_owned());
    };
    site.lab.world().write(keep).unwrap();
    let more = to_synced_ou() + "anchor = \"cloud-to-ad\"\nupn = \"cloud\"\n";
    let link = format!("[[link]]\nad = \"eeriksen\"\ncloud = \"{cloud}\"\n{more}");

    // Without a cycle everything goes back, the empty attribute included.
    site.plan(&link);
    let before = site.read().await;
    let no_cycle = [("trigger", "\"wait\""), ("timeout", "\"2s\""), ("on_timeout", "\"hold\"")];
    let sync = no_cycle.map(|(key, value)| (key, value.to_owned())).to_vec();
    site.configure(&Wishes { sync, ..Wishes::default() });
    site.run(&["apply", "--yes"]).await.expect(6).shows("1 link: 1 waiting");
    assert_eq!(Ad::of(&site, "eeriksen").await.anchor(), old);
    site.run(&["rollback", "--yes"]).await.expect(0).shows("1 link: 1 rolled back");
    assert_same(&site.read().await, &before);

    site.configure(&Wishes::default());
    let formed = form(&site, "eeriksen", cloud, &more).await;
    assert_eq!(formed.ad.anchor(), old);
    assert_eq!(formed.after.on_premises_immutable_id.as_deref(), Some(old));

    // The engine knows the AD user now: another anchor is refused, and nothing is written.
    let other = |world: &mut matchplan::lab::world::World| {
        let ben =
            world.entra.users.iter_mut().find(|user| user.user_principal_name == "ben.baker@contoso.com").unwrap();
        ben.on_premises_immutable_id = Some("GGhsjYwBEU+buBsE4sqhtg==".to_owned());
    };
    site.lab.world().write(other).unwrap();
    site.plan("[[link]]\nad = \"kkay\"\ncloud = \"ben.baker@contoso.com\"\nanchor = \"cloud-to-ad\"\n");
    let before = site.read().await;
    site.run(&["apply", "--yes"]).await.expect(3).shows("already-imported");
    assert_same(&site.read().await, &before);
}

async fn already_linked(site: Site) {
    site.plan("[[link]]\nad = \"iito\"\ncloud = \"isabel.ito@contoso.com\"\n");
    let before = site.read().await;
    site.run(&["plan", "--detailed-exitcode"]).await.expect(0).shows("No changes. The one link is formed already.");
    site.run(&["apply"]).await.expect(0).shows("No changes. The one link is formed already.");
    assert_same(&site.read().await, &before);
}

async fn move_into_scope(site: Site) {
    let munich = format!("OU=Munich,{SYNCED}");
    let formed = form(&site, "jjung", "jonas.jung@contoso.com", &format!("move_to = \"{munich}\"\n")).await;
    assert_eq!(formed.ad.dn, format!("CN=Jonas Jung,{munich}"));
}

/// A user in sync scope, for whom a cycle may run at any moment: a hard match needs the scheduler to be held.
async fn exposed_under_a_hold(site: Site) {
    let link = "[[link]]\nad = \"kkay\"\ncloud = \"kim.kay@contoso.com\"\nmatch = \"hard\"\n";
    site.plan(link);
    let before = site.read().await;
    site.run(&["apply", "--yes"]).await.expect(3).shows("release");
    assert_same(&site.read().await, &before);

    let sync = vec![("hold", site.engine("hold")), ("release", site.engine("release"))];
    site.configure(&Wishes { sync, ..Wishes::default() });
    let formed = form(&site, "kkay", "kim.kay@contoso.com", "match = \"hard\"\n").await;
    let at = |what: &str| formed.said.find(what).unwrap_or_else(|| panic!("{what:?} is not in\n{}", formed.said));
    assert!(at("hold the sync scheduler") < at("set the ImmutableID"));
    assert!(at("set the ImmutableID") < at("release the sync scheduler"));
    assert!(!site.lab.scheduler().status().suspended, "the scheduler runs again");
}

/// A link is formed once; what others change later is shown, and not put back.
async fn what_drifts_later_is_shown(site: Site) {
    form(&site, "ccole", "carla.cole@contoso.com", &to_synced_ou()).await;
    let mut ldap = site.directory.bound().await;
    let (dn, _) = site.ad_user("ccole").await;
    let renamed = Mod::Replace("userPrincipalName", HashSet::from(["carla.klein@contoso.com"]));
    ldap.modify(&dn, vec![renamed]).await.unwrap().success().unwrap();
    let changed = site.read().await;
    site.run(&["status"]).await.expect(0).shows("1 linked · 1 drifted").shows("carla.klein@contoso.com");
    site.run(&["plan", "--detailed-exitcode"]).await.expect(0).shows("No changes.");
    site.run(&["apply", "--yes"]).await.expect(0).shows("No changes.");
    assert_same(&site.read().await, &changed);
    // A link that is no longer written down stays formed.
    site.plan("[[link]]\nad = \"iito\"\ncloud = \"isabel.ito@contoso.com\"\n");
    let planned = site.run(&["plan"]).await.expect(0);
    planned.says("1 link in no match plan any more").says("corp\\ccole → carla.cole@contoso.com");
    site.run(&["apply", "--yes"]).await.expect(0);
    assert_same(&site.read().await, &changed);
}

async fn the_whole_company(site: Site) {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/plans/contoso.toml")).unwrap();
    site.write("plans/contoso.toml", &text);
    let roles = site.grants();
    site.run(&["plan", "--detailed-exitcode"]).await.expect(2).shows("1 already linked");
    site.run(&["apply", "--yes"]).await.expect(0).shows("14 links: 14 linked");
    assert_eq!(site.grants(), roles);
    site.run(&["plan", "--detailed-exitcode"]).await.expect(0).shows("No changes. All 15 links are formed already.");
    site.run(&["status"]).await.expect(0).shows("14 links: 14 linked · 0 drifted");
    // A cycle that nobody waits for changes nothing about that.
    site.lab.run_cycle().await.unwrap();
    site.run(&["status"]).await.expect(0).shows("14 links: 14 linked · 0 drifted");
}

/// Compares all of both directories, and names what differs.
#[track_caller]
pub fn assert_same(now: &Both, before: &Both) {
    for (dn, attributes) in &before.ad {
        assert_eq!(now.ad.get(dn), Some(attributes), "{dn}");
    }
    assert_eq!(now.ad.len(), before.ad.len());
    for (kind, objects) in &before.cloud {
        let gone: Vec<_> = objects.difference(&now.cloud[kind]).collect();
        let new: Vec<_> = now.cloud[kind].difference(objects).collect();
        assert!(gone.is_empty() && new.is_empty(), "{kind}: was {gone:#?}, is {new:#?}");
    }
}
