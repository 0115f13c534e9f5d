//! Everybody at Contoso, by case. The plans in `plans/contoso.toml` and `plans/contoso-blocked.toml` tell the same
//! stories from the administrator's side.

use super::company::{
    BERLIN, EXCHANGE_ADMINISTRATOR, GLOBAL_ADMINISTRATOR, HELPDESK_ADMINISTRATOR, REPORTS_READER, TEAMS_ADMINISTRATOR,
    USER_ADMINISTRATOR, assignment,
};
use super::person::{Changed as _, InAd, in_ad, in_cloud};
use crate::lab::world::World;
use crate::lab::world::cloud::{CloudRoleAssignment, CloudUser};
use crate::lab::world::derive;
use crate::model::anchor::Anchor;
use crate::model::id::{AdGuid, ObjectId};
use jiff::{SignedDuration, Timestamp};

pub(super) fn add(world: &mut World, people: impl IntoIterator<Item = InAd>) {
    world.ad[0].entries.extend(people.into_iter().map(|person| person.entry()));
}

/// Everybody whom the last cycle saw, and the cloud as it was then.
pub(super) fn add_those_of_last_cycle(world: &mut World) {
    let synced = [
        // Already linked, and in the plan all the same: "no changes".
        ("iito", "Isabel", "Ito"),
        ("anasser", "Amir", "Nasser"),
        ("blund", "Beatrice", "Lund"),
        ("cokafor", "Chidi", "Okafor"),
        ("dpetrov", "Dana", "Petrov"),
        ("enovak", "Emil", "Novak"),
        ("fhaddad", "Farah", "Haddad"),
        ("golsen", "Greta", "Olsen"),
        ("icosta", "Ines", "Costa"),
        ("jwright", "Jamal", "Wright"),
        ("knowak", "Kasia", "Nowak"),
        ("lbyrne", "Liam", "Byrne"),
        ("mchen", "Mei", "Chen"),
        ("owinter", "Oskar", "Winter"),
    ];
    add(world, synced.map(|(sam, given, surname)| in_ad(sam, given, surname).synced()));
    add(
        world,
        [
            in_ad("praman", "Priya", "Raman").synced().upn("priya.raman@fabrikam.com"),
            in_ad("hmarsh", "Hugo", "Marsh").synced().disabled(),
            in_ad("wwolf", "Wanda", "Wolf").synced(),
        ],
    );
    let initial = |given: &str, surname: &str, name: &str| {
        in_cloud(given, surname).upn(&format!("{name}@contoso.onmicrosoft.com")).without_mail()
    };
    world.entra.users.extend([
        initial("Break", "Glass 1", "breakglass"),
        initial("Break", "Glass 2", "breakglass2"),
        initial("Alice", "Adams", "admin.adams"),
        initial("Bjorn", "Berg", "admin.berg"),
        initial("Carmen", "Cruz", "admin.cruz"),
        in_cloud("Wanda", "Wolf"),
    ]);
}

/// The role that Wanda Wolf held when the engine first met her.
pub(super) fn duplicated_for_a_role(world: &World) -> Vec<CloudRoleAssignment> {
    vec![assignment(id_of(world, "wanda.wolf@contoso.com"), REPORTS_READER, None)]
}

/// Everybody who has come since.
pub(super) fn add_newcomers(world: &mut World) {
    for (person, cloud_user) in can_be_linked().into_iter().chain(cannot_be_linked()) {
        add(world, [person]);
        world.entra.users.extend(cloud_user);
    }
    world.entra.users.extend([
        // Holds an alias that Paula Park has in AD.
        in_cloud("Front", "Desk").also("smtp:reception@contoso.com"),
        // Has the address that Tom Taylor has in AD, so a soft match would meet her.
        in_cloud("Tara", "Taylor").primary("t.taylor@contoso.com"),
        // Wanted for the engine's own account, which is never synced.
        in_cloud("Reporting", "Service").upn("svc.reporting@contoso.com").primary("svc.reporting@contoso.com"),
        // Wanted for somebody who is not in AD.
        in_cloud("Una", "Ulrich"),
    ]);
}

/// `plans/contoso.toml`.
fn can_be_linked() -> Vec<(InAd, Option<CloudUser>)> {
    let pair = |person: InAd, user: CloudUser| (person, Some(user));
    let brought_along = AdGuid(derive::uuid("objectGUID", "llang in the forest of before"));
    vec![
        // A clean soft match.
        pair(in_ad("asmith", "Anna", "Smith"), in_cloud("Anna", "Smith")),
        // UPN mismatch.
        pair(
            in_ad("bbaker", "Benjamin", "Baker")
                .upn("bbaker@contoso.com")
                .primary("ben.baker@contoso.com")
                .employee_id("1042"),
            in_cloud("Ben", "Baker").employee_id("1042"),
        ),
        // Primary SMTP mismatch.
        pair(in_ad("ccole", "Carla", "Cole").primary("c.cole@contoso.com"), in_cloud("Carla", "Cole")),
        // A UPN suffix that is no verified domain.
        pair(in_ad("ddiaz", "Diego", "Diaz").upn("ddiaz@corp.contoso.local"), in_cloud("Diego", "Diaz")),
        // A hard match where nothing that Entra matches by agrees; the personnel department knows better.
        pair(
            in_ad("eeriksen", "Erik", "Eriksen")
                .upn("eeriksen@contoso.com")
                .primary("e.eriksen@contoso.com")
                .employee_id("1077"),
            in_cloud("Erik", "Eriksen").employee_id("1077"),
        ),
        // Aliases that only the cloud has, and one that only AD has.
        pair(
            in_ad("ffox", "Fiona", "Fox").also("X500:/o=Contoso/ou=Exchange/cn=Recipients/cn=ffox"),
            in_cloud("Fiona", "Fox").also("smtp:f.fox@contoso.com").also("smtp:fiona@fabrikam.com"),
        ),
        // Administrators.
        pair(in_ad("ggrant", "Gina", "Grant"), in_cloud("Gina", "Grant")),
        pair(in_ad("hhill", "Henry", "Hill"), in_cloud("Henry", "Hill")),
        // Moves into a container of its own.
        pair(in_ad("jjung", "Jonas", "Jung"), in_cloud("Jonas", "Jung")),
        // In scope since a moment ago: any cycle may take it.
        pair(in_ad("kkay", "Kim", "Kay").synced(), in_cloud("Kim", "Kay")),
        // An anchor from an earlier forest.
        pair(in_ad("llang", "Lena", "Lang").consistency_guid(brought_along), in_cloud("Lena", "Lang")),
        // Somebody has set the ImmutableID already (see `add_entanglements`).
        pair(in_ad("mmoss", "Mira", "Moss"), in_cloud("Mira", "Moss")),
        // A name that needs escaping in a DN, and letters outside ASCII.
        pair(
            in_ad("nnunez", "Noé", "Núñez")
                .common_name("Núñez\\, Noé")
                .upn("noe.nunez@contoso.com")
                .primary("noe.nunez@contoso.com"),
            in_cloud("Noé", "Núñez").upn("noe.nunez@contoso.com").primary("noe.nunez@contoso.com"),
        ),
        // No mailbox on either side: only the UPN can match.
        pair(in_ad("oorlova", "Olga", "Orlova").without_mail(), in_cloud("Olga", "Orlova").without_mail()),
    ]
}

/// `plans/contoso-blocked.toml`.
fn cannot_be_linked() -> Vec<(InAd, Option<CloudUser>)> {
    let pair = |person: InAd, user: CloudUser| (person, Some(user));
    let managed = CloudUser { is_cloud_managed: true, ..in_cloud("Zoe", "Ziegler") };
    let other_object = derive::uuid("objectGUID", "Xin Xu before the account was made anew").to_string();
    let stamped = CloudUser { on_premises_object_identifier: Some(other_object), ..in_cloud("Xin", "Xu") };
    let other_anchor = Anchor::from_guid(AdGuid(derive::uuid("objectGUID", "Iris Ihle in another forest")));
    vec![
        // Another cloud user has an address.
        pair(in_ad("ppark", "Paula", "Park").also("smtp:reception@contoso.com"), in_cloud("Paula", "Park")),
        // A soft-deleted user has the anchor (see `add_entanglements`).
        pair(in_ad("qquinn", "Quentin", "Quinn"), in_cloud("Quentin", "Quinn")),
        // A group, a contact has an address.
        pair(in_ad("rross", "Rosa", "Ross").also("smtp:sales@contoso.com"), in_cloud("Rosa", "Ross")),
        pair(in_ad("sstone", "Sam", "Stone").also("smtp:s.stone@contoso.com"), in_cloud("Sam", "Stone")),
        // Two candidates: the UPN says Tom, the primary address says Tara.
        pair(in_ad("ttaylor", "Tom", "Taylor").primary("t.taylor@contoso.com"), in_cloud("Tom", "Taylor")),
        // A protected cloud user; one that is synced already.
        (in_ad("bglass", "Break", "Glass").without_mail(), None),
        (in_ad("uupton", "Uwe", "Upton"), None),
        // An ImmutableID that is no anchor: 23 characters. One that is another user's anchor.
        pair(in_ad("vvogt", "Vera", "Vogt"), in_cloud("Vera", "Vogt").immutable_id("xMf1FXx9RIcbcAbDlqeOA==")),
        pair(in_ad("iihle", "Iris", "Ihle"), in_cloud("Iris", "Ihle").immutable_id(&other_anchor.to_base64())),
        // Another AD object's stamp.
        pair(in_ad("xxu", "Xin", "Xu"), stamped),
        // The AD user's SID is on another cloud user (see `add_entanglements`).
        pair(in_ad("yyoung", "Yara", "Young"), in_cloud("Yara", "Young")),
        // The cloud is the source of authority.
        pair(in_ad("zziegler", "Zoe", "Ziegler"), managed),
        // The cloud user is not there.
        (in_ad("nnobel", "Nina", "Nobel"), None),
        // A hard match that would rename the cloud user: the suffix is no verified domain.
        pair(in_ad("aadler", "Ada", "Adler").upn("aadler@corp.contoso.local"), in_cloud("Ada", "Adler")),
        // Disabled in AD.
        pair(in_ad("bbond", "Boris", "Bond").disabled(), in_cloud("Boris", "Bond")),
        // Holds a role.
        pair(in_ad("rrice", "Ruth", "Rice"), in_cloud("Ruth", "Rice")),
    ]
}

/// What needs somebody else's id.
pub(super) fn add_entanglements(world: &mut World) {
    let entry = |sam: &str| {
        let named = |e: &&crate::lab::world::forest::AdEntry| {
            e.values("sAMAccountName").is_some_and(|v| v.texts().iter().any(|text| text == sam))
        };
        let entry = world.ad[0].entries.iter().find(named);
        entry.map_or_else(|| unreachable!("{sam} is at Contoso"), |e| (Anchor::from_guid(e.guid), e.sid.clone()))
    };
    let (mira, _) = entry("mmoss");
    let (quentin, _) = entry("qquinn");
    let (_, yara) = entry("yyoung");

    let deleted = derive::object_id("deleted user", "quentin.quinn@contoso.com");
    let deleted_on = world.clock.saturating_sub(SignedDuration::from_hours(12 * 24)).unwrap_or(Timestamp::UNIX_EPOCH);
    world.entra.deleted_users.push(CloudUser {
        id: deleted,
        on_premises_immutable_id: Some(quentin.to_base64()),
        deleted_date_time: Some(deleted_on),
        ..in_cloud("Quentin", "Quinn").upn(&format!("{}quentin.quinn@contoso.com", deleted.0.simple()))
    });
    world.entra.users.push(CloudUser {
        id: derive::object_id("user", "yara.young.old@contoso.com"),
        on_premises_security_identifier: yara.map(|sid| sid.to_string()),
        ..in_cloud("Yara", "Young").upn("yara.young.old@contoso.com").primary("yara.young.old@contoso.com")
    });
    let mira = Some(mira.to_base64());
    if let Some(user) = world.entra.users.iter_mut().find(|u| u.user_principal_name == "mira.moss@contoso.com") {
        user.on_premises_immutable_id = mira;
    }
}

/// Everybody's roles. Whoever is not there yet gets none; who has one keeps it.
pub(super) fn give_roles(world: &mut World) {
    let roles = [
        ("breakglass@contoso.onmicrosoft.com", GLOBAL_ADMINISTRATOR, None),
        ("breakglass2@contoso.onmicrosoft.com", GLOBAL_ADMINISTRATOR, None),
        ("admin.adams@contoso.onmicrosoft.com", GLOBAL_ADMINISTRATOR, None),
        ("admin.berg@contoso.onmicrosoft.com", GLOBAL_ADMINISTRATOR, None),
        ("admin.cruz@contoso.onmicrosoft.com", GLOBAL_ADMINISTRATOR, None),
        ("gina.grant@contoso.com", EXCHANGE_ADMINISTRATOR, None),
        ("gina.grant@contoso.com", USER_ADMINISTRATOR, None),
        ("henry.hill@contoso.com", HELPDESK_ADMINISTRATOR, Some(BERLIN)),
        ("ruth.rice@contoso.com", TEAMS_ADMINISTRATOR, None),
    ];
    for (upn, role, unit) in roles {
        let Some(user) = world.entra.users.iter().find(|u| u.user_principal_name == upn) else { continue };
        let assignment = assignment(user.id, role, unit);
        if !world.entra.role_assignments.contains(&assignment) {
            world.entra.role_assignments.push(assignment);
        }
    }
}

fn id_of(world: &World, upn: &str) -> ObjectId {
    let user = world.entra.users.iter().find(|u| u.user_principal_name == upn);
    user.map_or_else(|| unreachable!("{upn} is at Contoso"), |user| user.id)
}
