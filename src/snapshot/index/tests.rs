use super::*;
use crate::model::ad::Octets;
use crate::model::entra::HolderKind;
use crate::model::recipient::AdHolderKind;
use crate::plan::testing::{Scene, ad, binned, cloud, uuid};
use proptest::prelude::*;

/// Names of which several objects have one.
const NAMES: [&str; 4] = ["a", "B", "straße", "K"];

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

fn addresses() -> impl Strategy<Value = AddressSet> {
    let address = prop::sample::select(&["SMTP:a@x", "smtp:A@X", "smtp:Ü@x", "X500:/o=a"][..]);
    prop::collection::vec(address, 0..3).prop_map(|all| all.into_iter().collect())
}

fn ad_user(number: usize) -> impl Strategy<Value = AdUser> {
    (name(), prop::option::of(name()), prop::option::of(name()), addresses(), 0_u8..5).prop_map(
        move |(sam, upn, mail, proxy_addresses, sid)| AdUser {
            sam: sam.into(),
            upn: upn.map(|upn| format!("{upn}@x").as_str().into()),
            mail: mail.map(|mail| format!("{mail}@x")),
            proxy_addresses,
            sid: format!("S-1-5-21-1-2-3-{sid}").parse().unwrap(),
            consistency_guid: (sid == 1).then(|| Octets(vec![7; 16])),
            ..ad(&format!("ad{number}"))
        },
    )
}

fn cloud_user(number: usize) -> impl Strategy<Value = EntraUser> {
    (name(), prop::option::of(name()), prop::option::of(name()), addresses(), prop::option::of(0_u8..5)).prop_map(
        move |(upn, mail, immutable_id, proxy_addresses, sid)| EntraUser {
            upn: format!("{upn}@x").as_str().into(),
            mail: mail.map(|mail| format!("{mail}@x")),
            proxy_addresses,
            immutable_id: immutable_id.map(|id| crate::model::anchor::ImmutableId(id.to_owned())),
            security_identifier: sid.map(|sid| format!("S-1-5-21-1-2-3-{sid}").parse().unwrap()),
            ..cloud(&format!("cloud{number}"))
        },
    )
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    let ad_users = (0..6).map(ad_user).collect::<Vec<_>>();
    let users = (0..6).map(cloud_user).collect::<Vec<_>>();
    let others = prop::collection::vec(addresses(), 0..3);
    let recipients = prop::collection::vec((0_usize..8, addresses()), 0..4);
    (ad_users, users, others, recipients).prop_map(|(ad_users, users, others, recipients)| {
        let mut snapshot = Scene::empty().snapshot;
        let (first, second) = ad_users.split_at(3);
        let mut lab = snapshot.domains[0].clone();
        lab.name = "lab".into();
        snapshot.domains[0].users = first.to_vec();
        lab.users = second.iter().map(|user| AdUser { domain: "lab".into(), ..user.clone() }).collect();
        for (number, proxy_addresses) in others.into_iter().enumerate() {
            let id = uuid(&format!("other{number}"));
            lab.holders.push(AdHolder {
                kind: AdHolderKind::Group,
                guid: AdGuid(id),
                dn: ad("group").dn,
                domain: "lab".into(),
                name: "G".to_owned(),
                sam: None,
                mail: None,
                proxy_addresses: proxy_addresses.clone(),
                mail_nickname: None,
                target_address: None,
            });
            snapshot.holders.push(AddressHolder {
                kind: HolderKind::Group,
                id: ObjectId(id),
                display_name: None,
                mail: None,
                proxy_addresses,
                synced: true,
                assignable_to_role: false,
                microsoft_365: false,
            });
        }
        snapshot.domains.push(lab);
        snapshot.users = users[..4].to_vec();
        snapshot.deleted_users = users[4..].iter().cloned().map(binned).collect();
        let recipients = recipients.into_iter().map(|(number, addresses)| {
            let id = uuid(&if number < 6 { format!("cloud{number}") } else { format!("other{}", number - 6) });
            let id = if number == 5 { "folder".to_owned() } else { id.to_string() };
            Recipient { kind: "PublicFolder".to_owned(), id, name: "R".to_owned(), addresses }
        });
        snapshot.recipients = Some(recipients.collect());
        snapshot
    })
}

/// What a holder is known by.
fn id(holder: &Holder<'_>) -> String {
    match holder {
        Holder::Ad(user) => format!("ad {}", user.guid),
        Holder::AdOther(other) => format!("ad {}", other.guid),
        Holder::User(user) => format!("cloud {}", user.id),
        Holder::Deleted(user) => format!("deleted {}", user.id),
        Holder::Other(other) => format!("cloud {}", other.id),
        Holder::Recipient(recipient) => format!("exchange {}", recipient.id),
    }
}

/// Whether somebody has an address, looked up in no index.
fn has(holder: &Holder<'_>, key: &str) -> bool {
    let (addresses, mail) = holder.addresses();
    let mut keys =
        addresses.iter().map(|a| a.as_str().to_lowercase()).chain(mail.map(|m| format!("smtp:{m}").to_lowercase()));
    keys.any(|own| own == key)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_look_up_finds_what_looking_through_everything_finds(snapshot in snapshot(), prepared in any::<bool>()) {
        let source = |_: &DomainName| SourceAnchor::ConsistencyGuid;
        let index = Index::new(&snapshot, source);
        if prepared {
            index.build(&[By::AdUpn, By::AdSam, By::AdAnchor, By::AdSid, By::AdAddress]);
            index.build(&[By::CloudUpn, By::ImmutableId, By::CloudSid, By::CloudAddress]);
        }
        let mut ad: Vec<(usize, &AdUser)> = Vec::new();
        for (number, domain) in snapshot.domains.iter().enumerate() {
            ad.extend(domain.users.iter().map(|user| (number, user)));
        }
        ad.sort_by_key(|(number, user)| (*number, user.guid));
        let ad_where = |wanted: &dyn Fn(&AdUser) -> bool| -> Vec<AdGuid> {
            ad.iter().filter(|(_, user)| wanted(user)).map(|(_, user)| user.guid).collect()
        };
        let mut live: Vec<&EntraUser> = snapshot.users.iter().collect();
        live.sort_by_key(|user| user.id);
        let mut deleted: Vec<&EntraUser> = snapshot.deleted_users.iter().collect();
        deleted.sort_by_key(|user| user.id);
        let guids = |users: Vec<&AdUser>| users.into_iter().map(|user| user.guid).collect::<Vec<_>>();
        let ids = |users: Vec<&EntraUser>| users.into_iter().map(|user| user.id).collect::<Vec<_>>();
        let both = || live.iter().chain(&deleted);
        for name in NAMES {
            let upn: Upn = format!("{}@X", name.to_uppercase()).as_str().into();
            let sam: SamAccountName = name.to_uppercase().as_str().into();
            prop_assert_eq!(guids(index.ad_by_upn(&upn)), ad_where(&|user| user.upn.as_ref() == Some(&upn)));
            prop_assert_eq!(guids(index.ad_by_sam(None, &sam)), ad_where(&|user| user.sam == sam));
            let lab = DomainName::from("LAB");
            let in_lab = ad_where(&|user| user.sam == sam && user.domain.as_str() == "lab");
            prop_assert_eq!(guids(index.ad_by_sam(Some(&lab), &sam)), in_lab);
            let wanted: Vec<_> = live.iter().filter(|user| user.upn == upn).map(|user| user.id).collect();
            prop_assert_eq!(ids(index.cloud_by_upn(&upn)), wanted);
            let wanted: Vec<_> = deleted.iter().filter(|u| u.upn_before_deletion() == upn).map(|u| u.id).collect();
            prop_assert_eq!(ids(index.deleted_by_upn(&upn)), wanted);
            let has_value = |user: &&&EntraUser| user.immutable_id.as_ref().is_some_and(|id| id.as_str() == name);
            let wanted: Vec<_> = both().filter(has_value).map(|user| user.id).collect();
            prop_assert_eq!(ids(index.cloud_by_immutable_id(name)), wanted);
        }
        for user in ad.iter().map(|(_, user)| *user) {
            prop_assert_eq!(index.ad_user(user.guid).map(|user| user.guid), Some(user.guid));
            let named = |other: &AdUser| other.dn == user.dn;
            prop_assert_eq!(index.ad_by_dn(&user.dn).map(|user| user.guid), ad_where(&named).pop());
            prop_assert_eq!(index.ad_by_sid(&user.sid).map(|u| u.guid), ad_where(&|other| other.sid == user.sid).pop());
            let anchor = user.anchor(SourceAnchor::ConsistencyGuid).unwrap();
            let same = |other: &AdUser| other.anchor(SourceAnchor::ConsistencyGuid) == Ok(anchor);
            prop_assert_eq!(guids(index.ad_by_anchor(anchor)), ad_where(&same));
            let has_sid = |other: &&&EntraUser| other.security_identifier.as_ref() == Some(&user.sid);
            let wanted: Vec<_> = both().filter(has_sid).map(|user| user.id).collect();
            prop_assert_eq!(ids(index.cloud_by_sid(&user.sid)), wanted);
        }
        for user in &live {
            prop_assert_eq!(index.cloud_user(user.id).map(|user| user.id), Some(user.id));
        }
        for user in &deleted {
            prop_assert!(index.cloud_user(user.id).is_none());
        }
    }

    #[test]
    fn everybody_with_an_address_is_named_once(snapshot in snapshot()) {
        let index = Index::new(&snapshot, |_| SourceAnchor::ConsistencyGuid);
        let cloud = snapshot.users.iter().map(Holder::User).chain(snapshot.deleted_users.iter().map(Holder::Deleted));
        let cloud: Vec<Holder<'_>> = cloud.chain(snapshot.holders.iter().map(Holder::Other)).collect();
        let in_ad = snapshot.domains.iter().flat_map(|domain| {
            domain.users.iter().map(Holder::Ad).chain(domain.holders.iter().map(Holder::AdOther))
        });
        let all: Vec<Holder<'_>> = in_ad.chain(cloud.iter().copied()).collect();
        for key in ["smtp:a@x", "smtp:ü@x", "smtp:b@x", "smtp:straße@x", "x500:/o=a", "smtp:nobody@x"] {
            let mut wanted: Vec<String> = all.iter().filter(|holder| has(holder, key)).map(id).collect();
            for recipient in snapshot.recipients.iter().flatten().filter(|r| has(&Holder::Recipient(r), key)) {
                let known = cloud.iter().find(|holder| id(holder).ends_with(&recipient.id));
                wanted.push(known.map_or_else(|| format!("exchange {}", recipient.id), id));
            }
            wanted.sort();
            wanted.dedup();
            let mut found: Vec<String> = index.holders_of(key).iter().map(id).collect();
            found.sort();
            prop_assert_eq!(found, wanted, "{}", key);
        }
    }
}
